//! Ctrl-C and the termination signal, both a request to end in good order.

/// Returns when the user or the system asks the program to end.
pub(crate) async fn requested() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminated.recv() => {}
            }
            return;
        }
    }
    // Where signals cannot be listened to, the system ends the process its own way.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Returns when standard input ends.
pub(crate) async fn end_of_input() {
    let (ended, end) = tokio::sync::oneshot::channel();
    // A thread that nobody waits for, because a read of standard input cannot be cancelled.
    std::thread::spawn(move || {
        // A failed read is an end as well.
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        let _ = ended.send(());
    });
    let _ = end.await;
}
