//! The doctor: says of everything whether it is fine, and exits by the worst.

use crate::program::World;

#[test]
fn what_is_broken_decides_the_exit_code() {
    let world = World::new();
    // No node answers here, which deserves a look and breaks nothing.
    let line = "doctor --node http://127.0.0.1:1 --json";
    let found = world
        .command(line)
        .env("ASSAY_LISTEN", "127.0.0.1:0")
        .output()
        .unwrap();
    let found = String::from_utf8(found.stdout).unwrap();
    let lines: Vec<serde_json::Value> = found
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for check in [
        "version", "config", "home", "disk", "wallets", "cpu", "memory", "clock", "node", "port",
    ] {
        let finding = lines.iter().find(|finding| finding["check"] == check);
        let finding = finding.unwrap_or_else(|| panic!("{check} is not in {found}"));
        assert!(
            finding["verdict"] == "ok" || finding["advice"].is_string(),
            "{finding}"
        );
    }
    let node = lines
        .iter()
        .find(|finding| finding["check"] == "node")
        .unwrap();
    assert_eq!(node["verdict"], "warn");

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let mut command = world.command("doctor --node http://127.0.0.1:1");
    let output = command.env("ASSAY_LISTEN", &listen).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("FAIL") && text.contains("in use by another program"),
        "{text}"
    );
    assert!(
        text.lines()
            .all(|line| line.chars().count() <= 80 || line.contains('/')),
        "{text}"
    );
}
