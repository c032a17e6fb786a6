//! Addresses behind which there is no node.

use assay_client::{Client, ClientError};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

#[tokio::test]
async fn what_is_no_node_is_told_apart() {
    for url in [
        "",
        "node",
        "ftp://127.0.0.1",
        "http://",
        "http://127.0.0.1:1/?x=1",
    ] {
        let error = Client::connect(url).await.expect_err("no address");
        assert!(matches!(error, ClientError::Url { .. }), "{url}: {error}");
    }
    let nobody = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", nobody.local_addr().expect("bound"));
    drop(nobody);
    let error = Client::connect(&url).await.expect_err("nobody");
    assert!(matches!(error, ClientError::Unreachable { .. }), "{error}");
    assert!(error.is_transient());

    for answer in [
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
        "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 500 Oops\r\ncontent-length: 4\r\n\r\nnope",
    ] {
        let other = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", other.local_addr().expect("bound"));
        let serving = tokio::spawn(async move {
            let (mut socket, _) = other.accept().await.expect("a connection");
            let mut request = [0; 4096];
            let _ = socket.read(&mut request).await;
            socket.write_all(answer.as_bytes()).await.expect("sent");
        });
        let error = Client::connect(&url).await.expect_err("another server");
        assert!(
            matches!(error, ClientError::Malformed { .. }),
            "{answer}: {error}"
        );
        assert!(!error.is_transient());
        serving.await.expect("served");
    }
}
