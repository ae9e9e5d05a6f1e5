//! AP "Subir foto de usuario", "Ver foto de usuario" and "Eliminar foto de usuario".

use axum::{
    Extension,
    extract::{FromRequest, Request, State},
    response::{IntoResponse, Response},
};
use relevo_adapters::Millis;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{NAMES, form::Form, id_of};
use crate::{
    desk::{
        chats::LINK_MS,
        users::{self as desk, Change},
    },
    http::{
        Api,
        ap::{
            Answer, Asked, Envelope, Error, NO_DATA,
            person::{self, NO_USER},
            sending::INVALID,
        },
        audit::Who,
        error::Error as PlainError,
        extract::{Params, Segment},
        files::{self, Served},
    },
    secrets::MasterKey,
    store::{
        Tx,
        users::{self, User},
    },
};

pub(super) const NO_PICTURE: &str = "Debe enviar la imagen en base64 en el campo pic.";
const NONE: Error = Error::NotFoundWith("El usuario indicado no tiene foto.", NO_DATA);
/// What the signatures of links are for.
const CONTEXT: &str = "user picture";

#[derive(Debug, ToSchema)]
#[schema(as = ApUserPictureRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Body {
    /// jpg, jpeg, png, webp or avif, at most 2 MB: a data URL or plain base64.
    #[schema(examples("data:image/png;base64,iVBORw0KGgo="))]
    pic: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApUserPicture)]
pub(super) struct Uploaded {
    #[schema(examples(15))]
    id: i64,
    /// Leads to the picture for an hour, without credentials.
    #[schema(examples("https://app.test/api/users/showUserPic/15?expires=1780000000&signature=…"))]
    pic_url: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApUserPictureMeta)]
struct Meta {
    id: i64,
    mime: String,
    /// Bytes.
    size: u64,
    pic_url: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApUserPictureDeleted)]
pub(super) struct Deleted {
    #[schema(examples(15))]
    id: i64,
}

/// Any bytes.
#[derive(ToSchema)]
#[schema(as = ApPictureBytes, value_type = String, format = Binary)]
#[expect(dead_code, reason = "only describes what a handler streams")]
struct Bytes(Vec<u8>);

/// Sets a person's picture. For admins, and for everybody of themselves.
#[utoipa::path(
    patch, path = "/api/users/uploadUserPic/{id}", tag = "users", operation_id = "ap_users_picture_upload",
    params(("id" = i64, Path, description = "The person.", example = 15)),
    request_body(content(
        (Body = "application/json"),
        (Body = "multipart/form-data"),
    )),
    responses((status = 200, body = Envelope<Uploaded>, description = "`Imagen cargada correctamente.`"))
)]
pub(super) async fn upload(State(api): State<Api>, Segment(id): Segment, mut form: Form) -> Result<Answer, Error> {
    let caller = form.asked.caller;
    let id = id_of(&id);
    if caller.user != Some(id) && !caller.manages_people() {
        return Err(Error::Forbidden);
    }
    let picture = form.picture();
    let fields = &mut form.asked.fields;
    if picture.is_none() && fields.is_fine("pic") {
        fields.missing("pic", NO_PICTURE);
    }
    fields.check(INVALID)?;
    person::find(&api, caller, id).await?;
    let picture = match picture {
        Some(draft) => Some(draft.store(&api).await?),
        None => None,
    };
    let user = change(&api, caller.company, id, Change { picture: Some(picture), ..Change::default() }).await?;
    Ok(Answer::ok("Imagen cargada correctamente.").with(Uploaded { id, pic_url: url(&api, &user) }))
}

/// Takes a person's picture away, if there is one. For admins, and for everybody of themselves.
#[utoipa::path(
    delete, path = "/api/users/deleteUserPic/{id}", tag = "users", operation_id = "ap_users_picture_delete",
    params(("id" = i64, Path, description = "The person.", example = 15)),
    responses((status = 200, body = Envelope<Deleted>, description = "`Foto eliminada correctamente.`"))
)]
pub(super) async fn delete(State(api): State<Api>, Segment(id): Segment, asked: Asked) -> Result<Answer, Error> {
    let id = id_of(&id);
    if asked.caller.user != Some(id) && !asked.caller.manages_people() {
        return Err(Error::Forbidden);
    }
    change(&api, asked.caller.company, id, Change { picture: Some(None), ..Change::default() }).await?;
    Ok(Answer::ok("Foto eliminada correctamente.").with(Deleted { id }))
}

async fn change(api: &Api, company: Option<i64>, id: i64, change: Change) -> Result<User, Error> {
    let work = async |tx: &mut Tx| {
        let done = desk::update(tx, &api.0.clock, company, id, change.clone()).await;
        done.map_err(|error| person::refusal(error, &NAMES))
    };
    Ok(api.0.db.transact(work).await?.0)
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// `binary` (unless said otherwise): the picture itself; `url`: a link to it; `meta`: the link, type and size.
    #[param(example = "url")]
    #[expect(dead_code, reason = "it is read with the body's fields")]
    mode: Option<String>,
    /// Of a signed link: seconds since 1970 after which it leads nowhere.
    expires: Option<String>,
    /// Of a signed link.
    signature: Option<String>,
}

/// A person's picture, for whoever has credentials of the company, or a link that we signed.
#[utoipa::path(
    get, path = "/api/users/showUserPic/{id}", tag = "users", operation_id = "ap_users_picture_show",
    params(("id" = i64, Path, description = "The person.", example = 15), Wanted),
    responses(
        (status = 200, description = "The picture under its own type; with `mode` `url` or `meta` the envelope.", content(
            (Bytes = "image/*"),
            (Envelope<Uploaded> = "application/json"),
        )),
        (status = 206, body = Bytes, content_type = "image/*", description = "The part that `Range` asks for."),
        (status = 416, description = "`Range` lies outside the picture."),
    )
)]
pub(super) async fn show(
    State(api): State<Api>,
    Segment(id): Segment,
    Extension(who): Extension<Who>,
    Params(wanted): Params<Wanted>,
    mut request: Request,
) -> Result<Response, Error> {
    let (id, headers) = (id_of(&id), request.headers().clone());
    let found = users::find_anywhere(&mut api.0.db.read().await?, id).await?;
    if let (Some(user), Some(expires), Some(signature)) = (&found, &wanted.expires, &wanted.signature)
        && holds(&api.0.key, user, (expires, signature), api.0.clock.now())
    {
        return binary(&api, user, &headers).await;
    }
    let caller = api.0.access.authenticate(&headers).await.map_err(PlainError::from)?;
    who.is(caller);
    request.extensions_mut().insert(caller);
    let mut asked: Asked = Asked::from_request(request, &api).await?;
    let mode = asked.fields.text("mode").unwrap_or_else(|| "binary".to_owned());
    if !["binary", "url", "meta"].contains(&mode.as_str()) {
        asked.fields.complain("mode", "El campo mode debe ser binary, url o meta.");
    }
    asked.fields.check(INVALID)?;
    let ours = |user: &User| caller.company.is_none_or(|company| company == user.company_id);
    let user = found.filter(ours).ok_or(NO_USER)?;
    match mode.as_str() {
        "url" => Ok(Answer::ok("").with(Uploaded { id, pic_url: url(&api, &user) }).into_response()),
        "meta" => Ok(Answer::ok("").with(meta(&api, &user).await?).into_response()),
        _ => binary(&api, &user, &headers).await,
    }
}

async fn meta(api: &Api, user: &User) -> Result<Meta, Error> {
    let (Some(sha256), Some(mime)) = (&user.picture_sha256, &user.picture_mime) else { return Err(NONE) };
    let size = api.0.blobs.size(sha256).await.map_err(|error| {
        tracing::error!(user = user.id, %error, "a person's picture cannot be read");
        PlainError::Unavailable
    })?;
    Ok(Meta { id: user.id, mime: mime.clone(), size, pic_url: url(api, user) })
}

async fn binary(api: &Api, user: &User, headers: &axum::http::HeaderMap) -> Result<Response, Error> {
    let served = Served { sha256: user.picture_sha256.as_deref(), mime: user.picture_mime.as_deref(), file_name: None };
    match files::respond(&api.0.blobs, served, headers).await {
        Ok(response) => Ok(response),
        Err(PlainError::NotFound(_)) => Err(NONE),
        Err(error) => Err(error.into()),
    }
}

/// A link to a person's picture that needs no credentials, for an hour; `None` if there is none. It does not lead to
/// another picture that the person has by then.
pub(in crate::http::ap) fn url(api: &Api, user: &User) -> Option<String> {
    let sha256 = user.picture_sha256.as_deref()?;
    let expires = (api.0.clock.now() + LINK_MS) / 1000;
    let signature = api.0.key.sign(&signed(user.id, sha256, expires), CONTEXT);
    let (home, id) = (&api.0.public_url, user.id);
    Some(format!("{home}/api/users/showUserPic/{id}?expires={expires}&signature={signature}"))
}

/// Whether a link to the person's present picture was made by us and is not over.
fn holds(key: &MasterKey, user: &User, (expires, signature): (&str, &str), now: Millis) -> bool {
    let (Ok(expires), Some(sha256)) = (expires.parse::<i64>(), &user.picture_sha256) else { return false };
    key.is_signed(&signed(user.id, sha256, expires), CONTEXT, signature) && now / 1000 < expires
}

fn signed(id: i64, sha256: &str, expires: i64) -> String {
    format!("{id} {sha256} {expires}")
}
