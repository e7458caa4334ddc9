use std::net::TcpListener;

use super::*;

fn ask_server(answer: &'static str) -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/healthz", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        let mut request = [0; 4096];
        let length = stream.read(&mut request).unwrap();
        assert!(request[..length].starts_with(b"GET /healthz HTTP/1.1\r\n"));
        stream.write_all(answer.as_bytes()).unwrap();
    });
    let asked = ask(&HealthcheckArgs { url });
    server.join().unwrap();
    asked
}

#[test]
fn only_200_is_healthy() {
    assert!(ask_server("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").is_ok());
    let error = ask_server("HTTP/1.1 503 Service Unavailable\r\n\r\nRedis is away").unwrap_err();
    assert!(error.to_string().contains("Redis is away"), "{error}");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    assert!(ask(&HealthcheckArgs { url }).is_err());
    let url = "https://127.0.0.1/".to_owned();
    assert!(ask(&HealthcheckArgs { url }).is_err());
}
