//! What strangers do to a platform's call.

use super::traffic::Call;

/// A call under another proof.
pub(super) fn forged(call: &Call, header: &str, value: String) -> Call {
    let mut call = Call { about: format!("somebody who does not know the secret ({header})"), ..call.clone() };
    call.headers.iter_mut().filter(|(name, _)| name == header).for_each(|(_, proof)| proof.clone_from(&value));
    call
}

/// A call of which somebody changed a byte on its way.
pub(super) fn tampered(call: &Call) -> Call {
    let mut call = Call { about: "somebody changed one byte on the way".to_owned(), ..call.clone() };
    call.body.push(b' ');
    call
}

/// A call without any proof.
pub(super) fn unsigned(call: &Call) -> Call {
    let mut call = Call { about: "somebody without a signature".to_owned(), ..call.clone() };
    call.headers.truncate(1);
    call
}
