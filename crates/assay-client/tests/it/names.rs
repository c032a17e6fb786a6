//! Names by the SDK: registered in one call, resolved like addresses.

use crate::support::World;
use assay_client::ClientError;
use assay_types::{Call, Name, NameCommitment, Party, Rejection, YEAR_MS};

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_registered_in_one_call_and_resolves() {
    let world = World::start().await;
    let name: Name = "bright-shop".parse().expect("a name");
    let unknown = world.client.resolve(Party::Name(name)).await;
    assert!(matches!(unknown, Err(ClientError::NoSuchName { name: of }) if of == name));

    // Something else that was reserved, or a reservation made before an interruption, is in nobody's way.
    let seller = world.sender("seller-1", 0);
    let other = NameCommitment::new(
        world.client.chain(),
        seller.account(),
        &Default::default(),
        name,
    );
    let reserved = seller
        .send_and_wait(Call::ReserveName { commitment: other })
        .await;
    reserved.expect("reserved");
    seller.register_name(name, YEAR_MS).await.expect("leased");
    let party = world.client.resolve(Party::Name(name)).await;
    assert_eq!(party.expect("it stands"), seller.account());
    let itself = world.client.resolve(Party::Account(seller.account())).await;
    assert_eq!(itself.expect("no question asked"), seller.account());
    let page = world.client.names(Some(seller.account()), 10, None).await;
    let page = page.expect("a page");
    assert_eq!((page.names.len(), page.next), (1, None));
    assert_eq!(page.names[0].name, name);

    let late = world.sender("buyer", 0).register_name(name, YEAR_MS).await;
    let Err(ClientError::Rejected { rejection, .. }) = late else {
        panic!("{late:?}");
    };
    assert_eq!(rejection.known(), Some(Rejection::NameTaken));
    let emission = world.client.emission().await.expect("the supply");
    assert!(
        emission.supply.burnt.get() >= 1_000_000_000,
        "the price burns"
    );
}
