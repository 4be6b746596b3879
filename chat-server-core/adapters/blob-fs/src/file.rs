//! The form of a blob's file: bytes, what is known of them as JSON, the length of that, a mark.

use std::io::SeekFrom;

use chat_server_core::blob::BlobMeta;
use chat_server_core::storage::StorageError;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use crate::error::{corrupt, failed};

/// Ends every whole blob.
const MARK: [u8; 4] = *b"blob";

/// Length in bytes of what follows the JSON: its length, the mark.
const TAIL: u64 = 8;

/// Greatest length of the JSON in bytes: two ids of 128 bytes, a name of 255 and a type, with every letter escaped.
const MAX_META: u64 = 8 * 1024;

/// What is written behind the bytes.
pub(crate) fn footer(meta: &BlobMeta) -> serde_json::Result<Vec<u8>> {
    let mut footer = serde_json::to_vec(meta)?;
    let length = u32::try_from(footer.len()).unwrap_or(u32::MAX);
    footer.extend_from_slice(&length.to_be_bytes());
    footer.extend_from_slice(&MARK);
    Ok(footer)
}

/// What is known of the blob in a file.
pub(crate) async fn read_meta(file: &mut File) -> Result<BlobMeta, StorageError> {
    let whole = file.metadata().await.map_err(failed("meta"))?.len();
    let cut = || corrupt("meta", "the file was cut or changed");
    let mut tail = [0; TAIL as usize];
    file.seek(SeekFrom::Start(whole.checked_sub(TAIL).ok_or_else(cut)?)).await.map_err(failed("meta"))?;
    file.read_exact(&mut tail).await.map_err(failed("meta"))?;
    let [a, b, c, d, mark @ ..] = tail;
    let length = u64::from(u32::from_be_bytes([a, b, c, d]));
    if mark != MARK || length > MAX_META {
        return Err(cut());
    }
    let size = whole.checked_sub(TAIL + length).ok_or_else(cut)?;
    file.seek(SeekFrom::Start(size)).await.map_err(failed("meta"))?;
    let mut json = vec![0; usize::try_from(length).map_err(|_| cut())?];
    file.read_exact(&mut json).await.map_err(failed("meta"))?;
    let meta: BlobMeta = serde_json::from_slice(&json).map_err(|_| cut())?;
    if meta.size == size { Ok(meta) } else { Err(cut()) }
}
