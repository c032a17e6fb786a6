//! A committee that signs with Commonware's scheme, and the proofs it makes.

use assay_types::{
    AccountId, Amount, Block, BlockId, BurnReason, ChainId, Check, ConsensusContext, ContentId,
    Event, FeeRate, Finality, Hash32, Header, Height, Input, LedgerTime, List, ModelId, OrderId,
    Payout, PayoutResult, RECEIPT_VERSION, Receipt, ReceiptProof, SecretKey, SignerIndex, TxId,
    Verdict, Vote, Work, encode, merkle_path, merkle_root,
};
use assay_verify::Anchor;
use commonware_consensus::{
    simplex::{
        scheme::ed25519::Scheme,
        types::{Finalization, Finalize, Notarize, Proposal},
    },
    types::{Epoch, Round, View},
};
use commonware_cryptography::{blake3::Digest, certificate::Attestation, ed25519};
use commonware_parallel::Sequential;
use commonware_utils::{non_empty, ordered::Set};

/// The chain of every proof here unless a test says otherwise.
pub(crate) const CHAIN: ChainId = ChainId::new([7; 32]);

/// Validators in ascending order of their keys.
pub(crate) struct Committee {
    pub(crate) chain: ChainId,
    pub(crate) keys: Vec<SecretKey>,
}

impl Committee {
    pub(crate) fn new(chain: ChainId, size: u8) -> Self {
        let mut keys: Vec<_> = (0..size).map(|n| SecretKey::from_bytes(&[n; 32])).collect();
        keys.sort_by_key(SecretKey::public_key);
        Self { chain, keys }
    }

    pub(crate) fn anchor(&self) -> Anchor {
        let keys = self.keys.iter().map(SecretKey::public_key).collect();
        Anchor::new(self.chain, keys).expect("fixed keys make an anchor")
    }

    /// Commonware's scheme of validator `index`.
    pub(crate) fn scheme(&self, index: usize) -> Scheme {
        let keys: Vec<ed25519::PublicKey> = self
            .keys
            .iter()
            .map(|key| key.public_key().as_ed25519().clone())
            .collect();
        let participants = Set::try_from(keys).expect("fixed keys are distinct");
        let key = self.keys[index].as_ed25519().clone();
        Scheme::signer(&self.chain.consensus_namespace(), participants, key)
            .expect("the key is a participant's")
    }

    /// What Commonware makes of these validators' votes for `header`.
    pub(crate) fn finalization(
        &self,
        header: &Header,
        signers: &[usize],
    ) -> Finalization<Scheme, Digest> {
        let votes: Vec<_> = signers
            .iter()
            .map(|&index| Finalize::sign(&self.scheme(index), proposal(header)).expect("a signer"))
            .collect();
        Finalization::from_finalizes(&self.scheme(0), non_empty![@votes.iter()], &Sequential)
            .expect("a quorum of known signers")
    }

    /// The votes of these validators, quorum or not.
    pub(crate) fn votes(&self, header: &Header, signers: &[usize]) -> Vec<Vote> {
        signers
            .iter()
            .map(|&index| {
                let vote = Finalize::sign(&self.scheme(index), proposal(header)).expect("a signer");
                self.vote(&vote.attestation)
            })
            .collect()
    }

    /// Votes that only notarise.
    pub(crate) fn notarizations(&self, header: &Header, signers: &[usize]) -> Vec<Vote> {
        signers
            .iter()
            .map(|&index| {
                let vote = Notarize::sign(&self.scheme(index), proposal(header)).expect("a signer");
                self.vote(&vote.attestation)
            })
            .collect()
    }

    fn vote(&self, attestation: &Attestation<Scheme>) -> Vote {
        let signature = attestation.signature.get().expect("made here").clone();
        let signer = u16::try_from(attestation.signer.get()).expect("a small committee");
        Vote {
            signer: SignerIndex::new(signer),
            signature: signature.into(),
        }
    }
}

/// The proposal that a finalised `header` stands for.
pub(crate) fn proposal(header: &Header) -> Proposal<Digest> {
    let context = &header.context;
    Proposal::new(
        Round::new(Epoch::new(context.epoch), View::new(context.view)),
        View::new(context.parent_view),
        Digest(*header.id().as_bytes()),
    )
}

/// Commonware's finalisation in our form.
pub(crate) fn finality(finalization: &Finalization<Scheme, Digest>) -> Finality {
    let certificate = &finalization.certificate;
    let votes = certificate
        .signers
        .iter()
        .zip(&certificate.signatures)
        .map(|(signer, signature)| Vote {
            signer: SignerIndex::new(u16::try_from(signer.get()).expect("a small committee")),
            signature: signature.get().expect("made here").clone().into(),
        })
        .collect();
    finality_of(votes)
}

pub(crate) fn finality_of(votes: Vec<Vote>) -> Finality {
    Finality {
        votes: List::new(votes).expect("a small committee"),
    }
}

/// A header without events above `parent`.
pub(crate) fn header(parent: BlockId, height: u64) -> Header {
    Header {
        version: 1,
        context: ConsensusContext {
            epoch: 0,
            view: 300 + height,
            leader: SecretKey::from_bytes(&[0; 32]).public_key(),
            parent_view: 299 + height,
            parent,
        },
        parent,
        height: Height::new(height),
        time: LedgerTime::new(1_700_000_000_000 + height),
        randomness: Hash32::new([2; 32]),
        transactions_root: Block::transactions_root(&[]),
        state_root: Hash32::new([3; 32]),
        operations_root: Hash32::new([4; 32]),
        range_start: 5,
        range_end: 600,
        event_root: merkle_root::<Vec<u8>>(&[]),
        base_fee: FeeRate::new(1),
    }
}

fn receipt(chain: ChainId, header: &Header) -> Receipt {
    let payout = |seed, result| Payout {
        seller: AccountId::new([seed; 32]),
        result,
    };
    let (gross, fee, royalties) = (Amount::new(100), Amount::new(1), Amount::ZERO);
    let payouts = vec![
        payout(
            1,
            PayoutResult::Paid {
                gross,
                fee,
                royalties,
            },
        ),
        payout(
            2,
            PayoutResult::Burnt {
                amount: Amount::new(9),
                reason: BurnReason::Silence,
            },
        ),
        payout(3, PayoutResult::Unpaid),
    ];
    Receipt {
        version: RECEIPT_VERSION,
        chain,
        order: OrderId::new([8; 32]),
        buyer: AccountId::new([9; 32]),
        work: Work::Inference {
            model: ModelId::new([10; 32]),
            input: Input::Public {
                content: ContentId::new([11; 32]),
            },
        },
        check: Check::Quorum {
            agree: 2,
            of: 3,
            commit_by: LedgerTime::new(12),
            deliver_by: LedgerTime::new(13),
        },
        verdict: Verdict::Agreed,
        output: Some(ContentId::new([14; 32])),
        price: Amount::new(100),
        refund: Amount::new(200),
        payouts: List::new(payouts).expect("three sellers"),
        placed_at: LedgerTime::new(15),
        closed_at: header.time,
        height: header.height,
        settled_by: Some(TxId::new([16; 32])),
    }
}

/// A receipt among other events, `descendants` headers below the one that these validators signed.
pub(crate) fn proof(committee: &Committee, descendants: u64, signers: &[usize]) -> ReceiptProof {
    let mut header = header(BlockId::new([1; 32]), 20);
    let receipt = receipt(committee.chain, &header);
    let events: Vec<Vec<u8>> = [
        Event::Started {
            order: OrderId::new([1; 32]),
        },
        Event::Closed {
            receipt: receipt.clone().into(),
        },
        Event::RevealsOpened {
            order: OrderId::new([2; 32]),
        },
    ]
    .iter()
    .map(encode)
    .collect();
    header.event_root = merkle_root(&events);
    let mut above = Vec::new();
    for _ in 0..descendants {
        let last = above.last().unwrap_or(&header);
        above.push(self::header(last.id(), last.height.get() + 1));
    }
    let signed = above.last().unwrap_or(&header);
    let finality = finality_of(committee.votes(signed, signers));
    ReceiptProof {
        version: RECEIPT_VERSION,
        path: merkle_path(&events, 1).expect("three leaves"),
        receipt,
        descendants: List::new(above).expect("few headers"),
        header,
        finality,
    }
}
