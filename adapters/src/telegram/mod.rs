use crate::{Capabilities, Kind, SettingsError};

pub static KIND: Kind = Kind {
    name: "telegram",
    aliases: &[],
    capabilities: Capabilities { max_webhook_bytes: 4 << 20, handshake: false, reopen_within_ms: 86_400_000 },
    settings: &[],
    open: |_| Err(SettingsError::one("kind", "not built yet")),
};
