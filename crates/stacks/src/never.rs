use bruit_proto::{Context, Malformed, Notation, Origin, PeerId, Protocol, Reader, Wire};

/// No protocol: what stands where a composition has room for one more and there is none. It says nothing, waits for nothing
/// and is never made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Never {}

impl Protocol for Never {
    type Message = Never;
    type Timer = Never;
    type Event = Never;

    fn on_start(&mut self, _: &mut Context<'_, Self>) {
        match *self {}
    }
    fn on_message(&mut self, _: &mut Context<'_, Self>, _: Origin, _: Never) {
        match *self {}
    }
    fn on_timer(&mut self, _: &mut Context<'_, Self>, _: Never) {
        match *self {}
    }
}

impl Wire for Never {
    fn encode(&self, _: &mut Vec<u8>) {
        match *self {}
    }
    fn decode(_: &mut Reader<'_>) -> Result<Never, Malformed> {
        Err(Malformed::UNKNOWN)
    }
    fn size(&self) -> usize {
        match *self {}
    }
}

impl Notation for Never {
    fn kind(&self) -> &'static str {
        match *self {}
    }
    fn note(&self, _: &dyn Fn(PeerId) -> String) -> String {
        match *self {}
    }
}
