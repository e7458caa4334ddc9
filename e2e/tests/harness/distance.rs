//! The distance keeps its promises: everything is late, nothing is lost, and one connection can be frozen.

use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use e2e::distance::Distance;
use e2e::ports::free_port;
use e2e::wait::LONG;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const EACH_WAY: Duration = Duration::from_millis(30);

/// A connection through a distance, both ends of it; at the server's end its first byte has arrived.
async fn connected() -> (Distance, TcpStream, TcpStream) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, free_port()))
        .await
        .unwrap();
    let distance = Distance::start(listener.local_addr().unwrap(), EACH_WAY).await;
    let mut client = TcpStream::connect(distance.address()).await.unwrap();
    client.write_all(b"?").await.unwrap();
    let (mut server, _) = listener.accept().await.unwrap();
    server.read_u8().await.unwrap();
    (distance, client, server)
}

#[tokio::test]
async fn bytes_take_their_time_each_way() {
    let (distance, mut client, mut server) = connected().await;
    let began = Instant::now();
    client.write_all(b"ping").await.unwrap();
    let mut text = [0; 4];
    server.read_exact(&mut text).await.unwrap();
    assert!(began.elapsed() >= EACH_WAY, "{:?}", began.elapsed());
    server.write_all(&text).await.unwrap();
    client.read_exact(&mut text).await.unwrap();
    assert!(began.elapsed() >= 2 * EACH_WAY, "{:?}", began.elapsed());
    assert_eq!(&text, b"ping");
    assert_eq!(distance.connections(), 1);
}

#[tokio::test]
async fn a_closing_takes_its_time_and_comes_after_the_bytes() {
    let (_distance, mut client, mut server) = connected().await;
    let began = Instant::now();
    server.write_all(b"goodbye").await.unwrap();
    server.shutdown().await.unwrap();
    let mut text = String::new();
    client.read_to_string(&mut text).await.unwrap();
    assert!(began.elapsed() >= EACH_WAY, "{:?}", began.elapsed());
    assert_eq!(text, "goodbye");
    // The other way is still open.
    client.write_all(b"!").await.unwrap();
    assert_eq!(server.read_u8().await.unwrap(), b'!');
}

#[tokio::test]
async fn a_reset_arrives_as_one() {
    let (_distance, mut client, server) = connected().await;
    let began = Instant::now();
    server.set_zero_linger().unwrap();
    drop(server);
    let end = client.read_u8().await.unwrap_err();
    assert_eq!(end.kind(), ErrorKind::ConnectionReset);
    assert!(began.elapsed() >= EACH_WAY, "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_server_that_is_away_is_a_reset() {
    let nobody = (Ipv4Addr::LOCALHOST, free_port()).into();
    let distance = Distance::start(nobody, EACH_WAY).await;
    let mut client = TcpStream::connect(distance.address()).await.unwrap();
    let end = client.read_u8().await.unwrap_err();
    assert_eq!(end.kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn one_connection_freezes_and_the_others_go_on() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, free_port()))
        .await
        .unwrap();
    let distance = Distance::start(listener.local_addr().unwrap(), EACH_WAY).await;
    distance.freeze_one();
    // Who only closes isn't frozen: nobody would notice.
    drop(TcpStream::connect(distance.address()).await.unwrap());
    let (mut gone, _) = listener.accept().await.unwrap();
    assert_eq!(gone.read(&mut [0]).await.unwrap(), 0);
    assert!(distance.is_to_freeze());
    let mut frozen = TcpStream::connect(distance.address()).await.unwrap();
    frozen.write_all(b"x").await.unwrap();
    let (mut silent, _) = listener.accept().await.unwrap();
    e2e::wait::eventually(LONG, "the freezing", async || {
        e2e::wait::check(!distance.is_to_freeze(), "not yet")
    })
    .await;
    let mut other = TcpStream::connect(distance.address()).await.unwrap();
    other.write_all(b"y").await.unwrap();
    let (mut server, _) = listener.accept().await.unwrap();
    assert_eq!(server.read_u8().await.unwrap(), b'y');
    // What came before on the frozen connection would have arrived by now.
    assert_eq!(
        silent.try_read(&mut [0]).unwrap_err().kind(),
        ErrorKind::WouldBlock
    );
    drop((silent.shutdown().await, frozen));
}
