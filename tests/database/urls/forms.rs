//! Every form of a URL that the drivers take, on real servers: where kit connects, where a migrator does, and where an application
//! does that opens its database with kit's library.

use std::io::copy;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::thread;

use kit::database::Target;
use kit_runtime::config::Config;
use kit_runtime::connection::Connection;
use kit_runtime::sea_orm::{Session, Settings};
use sea_orm::ConnectionTrait;
use url::Url;

use super::server;

/// Listens on an IPv6 address and passes everything on to the server of `url`; returns the port.
fn ipv6(url: &Url) -> u16 {
    let listener = TcpListener::bind("[::1]:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let place = (url.host_str().unwrap().to_owned(), url.port().unwrap());
    thread::spawn(move || {
        for client in listener.incoming() {
            let (Ok(client), Ok(server)) = (client, TcpStream::connect(&place)) else { return };
            for (mut from, mut to) in [(client.try_clone().unwrap(), server.try_clone().unwrap()), (server, client)] {
                thread::spawn(move || {
                    let _ = copy(&mut from, &mut to);
                    let _ = to.shutdown(Shutdown::Write);
                });
            }
        }
    });
    port
}

/// Connects as kit, as a migrator and as an application do.
async fn connects_everywhere(url: &str) {
    let folder = tempfile::tempdir().unwrap();
    let target = Target::parse(url, "a test", folder.path()).unwrap();
    let one = |session: Session| async move { session.query("SELECT '1'", &[]).await.unwrap().len() };
    let shown = target.redacted();
    assert_eq!(one(target.connect().await.unwrap_or_else(|error| panic!("kit: {shown}: {error}"))).await, 1);
    let migrator = Session::connect(Settings::new(target.secret_url())).await;
    assert_eq!(one(migrator.unwrap_or_else(|error| panic!("migrator: {shown}: {error}"))).await, 1);
    let own = url.to_owned();
    let config = Config::with(folder.path(), move |name| (name == "DATABASE_URL").then(|| own.clone())).unwrap();
    let pool = config.main().unwrap().open().await.unwrap_or_else(|error| panic!("library: {shown}: {error}"));
    pool.execute_unprepared("SELECT 1").await.unwrap();
    // The library opens a session beside the pool.
    let beside = Settings::of(&pool, 1).await.unwrap().unwrap();
    assert_eq!(one(Session::connect(beside).await.unwrap_or_else(|error| panic!("beside: {shown}: {error}"))).await, 1);
    pool.close().await.unwrap();
}

/// The parts of a server's URL: user, password, database.
fn parts(url: &Url) -> (String, String, String) {
    (url.username().to_owned(), url.password().unwrap_or_default().to_owned(), url.path()[1..].to_owned())
}

async fn value(url: &str, sql: &str) -> String {
    let session = Target::parse(url, "a test", Path::new("/")).unwrap().connect().await.unwrap();
    session.query(sql, &[]).await.unwrap()[0][0].clone().unwrap()
}

#[tokio::test]
async fn an_ipv6_address_connects_to_postgres() {
    let url = Url::parse(&server("KIT_TEST_POSTGRES_URL")).unwrap();
    let ((user, password, name), port) = (parts(&url), ipv6(&url));
    for url in [
        format!("postgres://{user}:{password}@[::1]:{port}/{name}"),
        format!("postgres:///{name}?host=::1&port={port}&user={user}&password={password}"),
        format!("postgres://{user}:{password}@[0:0:0:0:0:0:0:1]:{port}/{name}?sslmode=prefer"),
    ] {
        connects_everywhere(&url).await;
    }
}

#[tokio::test]
async fn an_ipv6_address_connects_to_mysql() {
    let url = Url::parse(&server("KIT_TEST_MYSQL_URL")).unwrap();
    let ((user, password, name), port) = (parts(&url), ipv6(&url));
    for scheme in ["mysql", "mariadb"] {
        connects_everywhere(&format!("{scheme}://{user}:{password}@[::1]:{port}/{name}")).await;
    }
}

#[tokio::test]
async fn parameters_and_sockets_connect_to_postgres() {
    let text = server("KIT_TEST_POSTGRES_URL");
    let url = Url::parse(&text).unwrap();
    let ((user, password, name), port) = (parts(&url), url.port().unwrap());
    connects_everywhere(&format!("postgresql://{user}@127.0.0.1?port={port}&password={password}&dbname={name}")).await;
    let searched = format!("{text}?options=-c%20search_path%3Dpg_catalog&application_name=kit");
    connects_everywhere(&searched).await;
    assert_eq!(value(&searched, "SELECT current_schema()::text").await, "pg_catalog");
    let folders = value(&text, "SELECT current_setting('unix_socket_directories')").await;
    let folder = folders.split(',').next().unwrap().trim().to_owned();
    if folder.is_empty() {
        return;
    }
    let encoded = folder.replace('/', "%2F");
    for url in [
        format!("postgres://{user}:{password}@{encoded}:{port}/{name}"),
        format!("postgres://{user}:{password}@{}:{port}/{name}", encoded.to_lowercase()),
        format!("postgres:///{name}?host={folder}&port={port}&user={user}&password={password}"),
    ] {
        connects_everywhere(&url).await;
    }
}

#[tokio::test]
async fn sockets_connect_to_mysql() {
    let text = server("KIT_TEST_MYSQL_URL");
    let socket = value(&text, "SELECT @@socket").await;
    let admin = Target::parse(&text, "a test", Path::new("/")).unwrap().connect().await.unwrap();
    // Whom the server knows over the network it need not know here.
    let user = format!("kit_socket_{}", std::process::id());
    admin.execute(&format!("CREATE USER '{user}'@'localhost' IDENTIFIED BY 's3cr3t'"), &[]).await.unwrap();
    let url = format!("mysql://{user}:s3cr3t@nowhere.invalid/information_schema?socket={socket}");
    let outcome = tokio::spawn(async move { connects_everywhere(&url).await }).await;
    admin.execute(&format!("DROP USER '{user}'@'localhost'"), &[]).await.unwrap();
    outcome.unwrap();
}

#[tokio::test]
async fn parameters_of_sqlite_reach_the_driver() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.db");
    Target::parse(&format!("sqlite://{}", file.display()), "a test", folder.path()).unwrap().create().await.unwrap();
    connects_everywhere(&format!("sqlite://{}?cache=private&mode=ro", file.display())).await;
    connects_everywhere(&format!("sqlite:{}?immutable=1", file.display())).await;
}
