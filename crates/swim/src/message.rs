use bruit_proto::*;

/// What SWIM nodes say to each other.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    Ping { seq: u32, digest: u32 },
}

impl Wire for Message {
    fn encode(&self, out: &mut Vec<u8>) {
        todo!()
    }
    fn decode(input: &mut Reader<'_>) -> Result<Message, Malformed> {
        todo!()
    }
}
