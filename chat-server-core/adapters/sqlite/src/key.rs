//! A message's `key`: 128 bits that look random to everybody else and hold the message's `num` for us.
//!
//! The key is the AES-128 encryption, under a secret of the database, of the `num` and 64 random bits. So a message is
//! found by its key without an index of random values, which would dirty a page of its own with every message. The
//! random half makes keys differ also when a restored backup gives a `num` a second time.

use aes::Aes128;
use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};

use crate::error::Result;

/// Random bytes drawn at once: one call to the operating system for 128 messages.
const DRAWN: usize = 1_024;

pub(crate) struct Keys {
    cipher: Aes128,
    random: [u8; DRAWN],
    used: usize,
}

impl Keys {
    pub(crate) fn new(secret: [u8; 16]) -> Self {
        Self { cipher: Aes128::new(&secret.into()), random: [0; DRAWN], used: DRAWN }
    }

    /// A new key of the message `num`.
    pub(crate) fn of(&mut self, num: u64) -> Result<u128> {
        let Some(random) = self.random.get(self.used..self.used + 8) else {
            getrandom::fill(&mut self.random)?;
            self.used = 0;
            return self.of(num);
        };
        let mut block = [0; 16];
        block[..8].copy_from_slice(&num.to_be_bytes());
        block[8..].copy_from_slice(random);
        self.used += 8;
        let mut block = block.into();
        self.cipher.encrypt_block(&mut block);
        Ok(u128::from_be_bytes(block.into()))
    }
}

/// The number in a key that the holder of `secret` made. Any other key has some number as well: the message must be
/// asked whether the key is its own.
pub(crate) fn num_in(secret: [u8; 16], key: u128) -> u64 {
    let mut block = key.to_be_bytes().into();
    Aes128::new(&secret.into()).decrypt_block(&mut block);
    let block: [u8; 16] = block.into();
    u64::from_be_bytes(block[..8].try_into().expect("8 of 16 bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_holds_its_num_and_differs_each_time() {
        let mut keys = Keys::new([7; 16]);
        let mut seen = std::collections::BTreeSet::new();
        for num in (0..300).chain([chat_protocol::MAX_SAFE]) {
            let (one, two) = (keys.of(num).unwrap(), keys.of(num).unwrap());
            assert_eq!((num_in([7; 16], one), num_in([7; 16], two)), (num, num));
            assert!(seen.insert(one) && seen.insert(two));
            assert_ne!(num_in([8; 16], one), num);
        }
    }
}
