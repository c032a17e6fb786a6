//! Wallet files: what parses says the same when it is written again.
#![no_main]

use assay_client::WalletFile;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(wallet) = WalletFile::parse(bytes) {
        assert_eq!(
            WalletFile::parse(&wallet.to_bytes()).expect("its own bytes"),
            wallet
        );
    }
});
