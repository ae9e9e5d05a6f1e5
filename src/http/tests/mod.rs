//! Stories of the API, each told over whatever database it is given. A story makes its own companies, so that many can
//! be told over one database.

mod access;
mod errors;
mod house;
mod openapi;
mod pages;
mod seeds;
mod tickets;

use house::House;

use crate::store::Db;

/// Tells every story that needs nothing but a database, one after the other.
pub(crate) async fn run(db: Db) {
    let house = House::over(db).await;
    seeds::tell(&house).await;
    tickets::tell(&house).await;
    pages::tell(&house).await;
    access::tell(&house).await;
    openapi::tell(&house).await;
}

#[tokio::test]
async fn every_story_on_sqlite() {
    let (folder, db) = house::sqlite().await;
    run(db.clone()).await;
    db.close().await;
    std::fs::remove_dir_all(folder).unwrap();
}
