use crate::store::millis;
use crate::user_event::UserEvent;
use bruit_proto::{Duration, Malformed, Reader, Wire, put_varint, varint_size};
use std::sync::Arc;

/// An event as another protocol carries it: with its age, for a joiner delivers none that is older than its membership.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// What was said.
    pub event: Arc<UserEvent>,
    /// How long ago, in whole milliseconds on its way.
    pub age: Duration,
}

/// `age varint, ms | event`, the event as in [`Message`](crate::Message).
impl Wire for Parcel {
    fn encode(&self, out: &mut Vec<u8>) {
        put_varint(out, u64::from(millis(self.age)));
        self.event.encode(out);
    }

    fn decode(input: &mut Reader<'_>) -> Result<Parcel, Malformed> {
        let age = u32::try_from(input.varint()?).map_err(|_| Malformed("age too large"))?;
        Ok(Parcel { age: Duration::from_millis(age.into()), event: Arc::new(UserEvent::decode(input)?) })
    }

    fn size(&self) -> usize {
        varint_size(u64::from(millis(self.age))) + self.event.size()
    }
}
