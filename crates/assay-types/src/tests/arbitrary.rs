//! Random values of every wire type.

mod topics;

use crate::*;
use proptest::{
    collection::vec,
    option,
    prelude::{Just, Strategy, any, prop_oneof},
    sample::select,
    strategy::Union,
};

macro_rules! ids {
    ($($name:ident: $id:ident),*) => {
        $( pub(super) fn $name() -> impl Strategy<Value = $id> { any::<[u8; 32]>().prop_map($id::new) } )*
    };
}

ids! {
    account: AccountId, hash: Hash32, chain: ChainId, block_id: BlockId, tx_id: TxId, order: OrderId,
    offer: OfferId, model: ModelId, content: ContentId, proof_key: ProofKeyId, topic: TopicId
}

pub(super) fn amount() -> impl Strategy<Value = Amount> {
    any::<u64>().prop_map(Amount::new)
}

pub(super) fn basis_points() -> impl Strategy<Value = BasisPoints> {
    any::<u16>().prop_map(BasisPoints::new)
}

fn time() -> impl Strategy<Value = LedgerTime> {
    any::<u64>().prop_map(LedgerTime::new)
}

fn height() -> impl Strategy<Value = Height> {
    any::<u64>().prop_map(Height::new)
}

fn rate() -> impl Strategy<Value = FeeRate> {
    any::<u64>().prop_map(FeeRate::new)
}

pub(super) fn lane() -> impl Strategy<Value = Lane> {
    (0..LANES_PER_ACCOUNT).prop_map(|lane| Lane::new(lane).expect("below the number of lanes"))
}

pub(super) fn rejection() -> impl Strategy<Value = Rejection> {
    select(Rejection::ALL)
}

pub(super) fn public_key() -> impl Strategy<Value = PublicKey> {
    any::<[u8; 32]>().prop_map(|seed| SecretKey::from_bytes(&seed).public_key())
}

/// 64 bytes that are almost surely nobody's signature.
pub(super) fn signature() -> impl Strategy<Value = Signature> {
    any::<[u8; 32]>().prop_map(fixed_signature)
}

pub(super) fn fixed_signature(seed: [u8; 32]) -> Signature {
    decode(&[seed, seed].concat()).expect("64 bytes")
}

fn list<T: Clone + std::fmt::Debug, const MAX: usize>(
    item: impl Strategy<Value = T>,
    up_to: usize,
) -> impl Strategy<Value = List<T, MAX>> {
    vec(item, 0..=up_to.min(MAX)).prop_map(|items| List::new(items).expect("below its limit"))
}

fn blob<const MAX: usize>(up_to: usize) -> impl Strategy<Value = Blob<MAX>> {
    vec(any::<u8>(), 0..=up_to.min(MAX))
        .prop_map(|bytes| Blob::new(bytes).expect("below its limit"))
}

pub(super) fn name() -> impl Strategy<Value = Name> {
    "[b-z0-9][a-z0-9-]{1,30}[a-z0-9]".prop_map(|name| name.parse().expect("a name"))
}

fn text<const MAX: usize>() -> impl Strategy<Value = Text<MAX>> {
    "[ -~äöü✓]{0,9}".prop_map(|text| Text::new(text).expect("short and printable"))
}

pub(super) fn good() -> impl Strategy<Value = Good> {
    prop_oneof![
        list(model(), 4).prop_map(|models| Good::Inference { models }),
        topic().prop_map(|topic| Good::Topic { topic }),
    ]
}

pub(super) fn work() -> impl Strategy<Value = Work> {
    let input = || content().prop_map(|content| Input::Public { content });
    prop_oneof![
        (model(), input()).prop_map(|(model, input)| Work::Inference { model, input }),
        (topic(), input()).prop_map(|(topic, input)| Work::Topic { topic, input }),
    ]
}

pub(super) fn check_terms() -> impl Strategy<Value = Check> {
    prop_oneof![
        (any::<u8>(), any::<u8>(), time(), time()).prop_map(
            |(agree, of, commit_by, deliver_by)| {
                Check::Quorum {
                    agree,
                    of,
                    commit_by,
                    deliver_by,
                }
            }
        ),
        (time(), time()).prop_map(|(deliver_by, approve_by)| Check::Approval {
            deliver_by,
            approve_by
        }),
        (proof_key(), time()).prop_map(|(key, deliver_by)| Check::Proof { key, deliver_by }),
        time().prop_map(|deliver_by| Check::Score { deliver_by }),
    ]
}

pub(super) fn terms() -> impl Strategy<Value = Terms> {
    (
        work(),
        check_terms(),
        amount(),
        time(),
        option::of(account()),
    )
        .prop_map(|(work, check, price_max, accept_by, seller)| Terms {
            work,
            check,
            price_max,
            accept_by,
            seller,
        })
}

fn royalties() -> impl Strategy<Value = List<RoyaltySplit, ROYALTY_SPLITS_MAX>> {
    list(
        (account(), basis_points()).prop_map(|(account, share)| RoyaltySplit { account, share }),
        4,
    )
}

pub(super) fn quorum_reveal() -> impl Strategy<Value = QuorumReveal> {
    (blob(200), hash()).prop_map(|(output, salt)| QuorumReveal { output, salt })
}

pub(super) fn proof_evidence() -> impl Strategy<Value = ProofEvidence> {
    (blob(50), blob(50), blob(50), blob(50)).prop_map(|(key, input, output, proof)| ProofEvidence {
        key,
        input,
        output,
        proof,
    })
}

pub(super) fn call() -> impl Strategy<Value = Call> {
    prop_oneof![
        (account(), amount()).prop_map(|(to, amount)| Call::Transfer { to, amount }),
        amount().prop_map(|amount| Call::Bond { amount }),
        amount().prop_map(|amount| Call::Unbond { amount }),
        (good(), amount(), any::<u32>()).prop_map(|(good, ask, capacity)| Call::PublishOffer {
            good,
            ask,
            capacity
        }),
        offer().prop_map(|offer| Call::WithdrawOffer { offer }),
        terms().prop_map(|terms| Call::PlaceOrder { terms }),
        order().prop_map(|order| Call::CancelOrder { order }),
        order().prop_map(|order| Call::Accept { order }),
        order().prop_map(|order| Call::Decline { order }),
        (order(), any::<u8>(), blob(200)).prop_map(|(order, tag, bytes)| Call::CheckCall {
            order,
            tag,
            bytes
        }),
        (order(), hash()).prop_map(|(order, hash)| QuorumCall::Commit(hash).on(order)),
        (order(), quorum_reveal()).prop_map(|(order, reveal)| QuorumCall::Reveal(reveal).on(order)),
        (model(), content(), content(), text(), royalties()).prop_map(
            |(model, manifest, program, licence, royalties)| Call::RegisterModel {
                model,
                manifest,
                program,
                licence,
                royalties,
            }
        ),
        (chain(), account(), hash(), name()).prop_map(|(chain, holder, salt, name)| {
            let commitment = NameCommitment::new(chain, holder, &salt, name);
            Call::ReserveName { commitment }
        }),
        (name(), hash(), any::<u64>()).prop_map(|(name, salt, lease_ms)| Call::RegisterName {
            name,
            salt,
            lease_ms
        }),
        (name(), any::<u64>()).prop_map(|(name, lease_ms)| Call::RenewName { name, lease_ms }),
        (name(), account()).prop_map(|(name, to)| Call::TransferName { name, to }),
        (model(), proof_key()).prop_map(|(model, key)| Call::RegisterProofKey { model, key }),
        (order(), proof_evidence())
            .prop_map(|(order, evidence)| ProofCall::Deliver(evidence).on(order)),
        topics::topic_call(),
    ]
}

pub(super) fn unsigned() -> impl Strategy<Value = Unsigned> {
    (
        chain(),
        account(),
        lane(),
        any::<u64>(),
        amount(),
        amount(),
        time(),
        call(),
    )
        .prop_map(
            |(chain, sender, lane, sequence, fee_limit, tip, valid_until, call)| Unsigned {
                chain,
                sender,
                lane,
                sequence,
                fee_limit,
                tip,
                valid_until,
                call,
            },
        )
}

pub(super) fn transaction() -> impl Strategy<Value = Transaction> {
    (unsigned(), signature()).prop_map(|(body, signature)| Transaction::new(body, signature))
}

fn context() -> impl Strategy<Value = ConsensusContext> {
    (
        any::<u64>(),
        any::<u64>(),
        public_key(),
        any::<u64>(),
        block_id(),
    )
        .prop_map(
            |(epoch, view, leader, parent_view, parent)| ConsensusContext {
                epoch,
                view,
                leader,
                parent_view,
                parent,
            },
        )
}

pub(super) fn header() -> impl Strategy<Value = Header> {
    (
        (any::<u8>(), context(), block_id(), height(), time(), rate()),
        any::<[[u8; 32]; 5]>(),
        any::<(u64, u64)>(),
    )
        .prop_map(
            |(
                (version, context, parent, height, time, base_fee),
                hashes,
                (range_start, range_end),
            )| {
                let [
                    randomness,
                    transactions_root,
                    state_root,
                    operations_root,
                    event_root,
                ] = hashes.map(Hash32::new);
                Header {
                    version,
                    context,
                    parent,
                    height,
                    time,
                    randomness,
                    transactions_root,
                    state_root,
                    operations_root,
                    range_start,
                    range_end,
                    event_root,
                    base_fee,
                }
            },
        )
}

pub(super) fn block() -> impl Strategy<Value = Block> {
    (header(), vec(transaction(), 0..4)).prop_map(|(header, transactions)| Block {
        header,
        transactions,
    })
}

fn burn_reason() -> impl Strategy<Value = BurnReason> {
    select(&super::examples::BURN_REASONS[..]).prop_map(|(_, reason)| reason)
}

fn verdict() -> impl Strategy<Value = Verdict> {
    let verdicts = super::examples::verdicts();
    Union::new(verdicts.into_iter().map(|(_, verdict)| Just(verdict)))
}

fn payout() -> impl Strategy<Value = Payout> {
    let result = prop_oneof![
        (amount(), amount(), amount()).prop_map(|(gross, fee, royalties)| PayoutResult::Paid {
            gross,
            fee,
            royalties
        }),
        (amount(), burn_reason())
            .prop_map(|(amount, reason)| PayoutResult::Burnt { amount, reason }),
        Just(PayoutResult::Unpaid),
        (amount(), amount(), burn_reason()).prop_map(|(compensation, burnt, reason)| {
            PayoutResult::Forfeited {
                compensation,
                burnt,
                reason,
            }
        }),
    ];
    (account(), result).prop_map(|(seller, result)| Payout { seller, result })
}

pub(super) fn receipt() -> impl Strategy<Value = Receipt> {
    (
        (
            any::<u8>(),
            chain(),
            order(),
            account(),
            work(),
            check_terms(),
            verdict(),
        ),
        (option::of(content()), amount(), amount(), list(payout(), 4)),
        (time(), time(), height(), option::of(tx_id())),
    )
        .prop_map(
            |(
                (version, chain, order, buyer, work, check, verdict),
                (output, price, refund, payouts),
                (placed_at, closed_at, height, settled_by),
            )| Receipt {
                version,
                chain,
                order,
                buyer,
                work,
                check,
                verdict,
                output,
                price,
                refund,
                payouts,
                placed_at,
                closed_at,
                height,
                settled_by,
            },
        )
}

pub(super) fn event() -> impl Strategy<Value = Event> {
    let of_account = prop_oneof![
        (account(), account(), amount()).prop_map(|(from, to, amount)| Event::Transferred {
            from,
            to,
            amount
        }),
        (account(), amount()).prop_map(|(account, amount)| Event::Bonded { account, amount }),
        (account(), amount(), time()).prop_map(|(account, amount, release_at)| {
            Event::UnbondingStarted {
                account,
                amount,
                release_at,
            }
        }),
        (account(), amount()).prop_map(|(account, amount)| Event::Unbonded { account, amount }),
        (offer(), account(), good(), amount(), any::<u32>()).prop_map(
            |(offer, seller, good, ask, capacity)| Event::OfferPublished {
                offer,
                seller,
                good,
                ask,
                capacity,
            }
        ),
        (offer(), account()).prop_map(|(offer, seller)| Event::OfferWithdrawn { offer, seller }),
        (model(), account(), content(), content()).prop_map(|(model, owner, manifest, program)| {
            Event::ModelRegistered {
                model,
                owner,
                manifest,
                program,
            }
        }),
        (tx_id(), rejection()).prop_map(|(transaction, rejection)| Event::Failed {
            transaction,
            rejection
        }),
    ];
    let of_assignment = prop_oneof![
        (order(), account(), terms(), amount()).prop_map(|(order, buyer, terms, escrow)| {
            Event::OrderPlaced {
                order,
                buyer,
                terms,
                escrow,
            }
        }),
        (order(), account(), offer(), amount(), amount(), time()).prop_map(
            |(order, seller, offer, ask, lock, respond_by)| Event::Assigned {
                order,
                seller,
                offer,
                ask,
                lock,
                respond_by,
            }
        ),
        (
            order(),
            account(),
            select(&super::examples::RELEASE_REASONS[..])
        )
            .prop_map(|(order, seller, (_, reason))| Event::Released {
                order,
                seller,
                reason
            }),
        (order(), account()).prop_map(|(order, seller)| Event::Accepted { order, seller }),
        order().prop_map(|order| Event::Started { order }),
        order().prop_map(|order| Event::RevealsOpened { order }),
        (order(), account(), hash()).prop_map(|(order, seller, commitment)| Event::Committed {
            order,
            seller,
            commitment,
        }),
        (order(), account(), content(), any::<bool>()).prop_map(
            |(order, seller, output, holds)| {
                Event::Revealed {
                    order,
                    seller,
                    output,
                    holds,
                }
            }
        ),
        (order(), account(), content()).prop_map(|(order, seller, output)| Event::Delivered {
            order,
            seller,
            output
        }),
    ];
    let of_settlement = prop_oneof![
        (order(), content()).prop_map(|(order, output)| Event::VerdictReached { order, output }),
        (order(), account(), amount(), amount(), amount()).prop_map(
            |(order, seller, gross, net, fee)| Event::Paid {
                order,
                seller,
                gross,
                net,
                fee
            }
        ),
        (order(), model(), account(), amount()).prop_map(|(order, model, to, amount)| {
            Event::RoyaltyPaid {
                order,
                model,
                to,
                amount,
            }
        }),
        (order(), account(), amount(), burn_reason()).prop_map(
            |(order, account, amount, reason)| Event::Burnt {
                order,
                account,
                amount,
                reason
            }
        ),
        (order(), account(), amount()).prop_map(|(order, buyer, amount)| Event::Refunded {
            order,
            buyer,
            amount
        }),
        receipt().prop_map(|receipt| Event::Closed {
            receipt: receipt.into()
        }),
        (order(), account(), amount()).prop_map(|(order, seller, amount)| Event::Rebated {
            order,
            seller,
            amount
        }),
    ];
    prop_oneof![
        8 => of_account,
        9 => of_assignment,
        7 => of_settlement,
        6 => of_names_and_epochs(),
        3 => of_proofs(),
        4 => topics::of_slots(),
        4 => topics::of_topics(),
    ]
}

fn of_proofs() -> impl Strategy<Value = Event> {
    prop_oneof![
        (model(), proof_key(), account())
            .prop_map(|(model, key, owner)| { Event::ProofKeyRegistered { model, key, owner } }),
        (order(), account(), content(), hash(), any::<bool>()).prop_map(
            |(order, seller, output, statement, holds)| Event::ProofDelivered {
                order,
                seller,
                output,
                statement,
                holds,
            }
        ),
        (order(), account(), account(), amount()).prop_map(|(order, seller, buyer, amount)| {
            Event::Compensated {
                order,
                seller,
                buyer,
                amount,
            }
        }),
    ]
}

fn of_names_and_epochs() -> impl Strategy<Value = Event> {
    prop_oneof![
        (any::<u64>(), account(), any::<u64>(), amount()).prop_map(
            |(epoch, to, blocks, amount)| Event::Emitted {
                epoch,
                to,
                blocks,
                amount
            }
        ),
        (chain(), account(), hash(), name()).prop_map(|(chain, account, salt, name)| {
            let commitment = NameCommitment::new(chain, account, &salt, name);
            Event::NameReserved {
                account,
                commitment,
            }
        }),
        (name(), account(), time(), amount()).prop_map(|(name, holder, expires_at, price)| {
            Event::NameRegistered {
                name,
                holder,
                expires_at,
                price,
            }
        }),
        (name(), account(), time(), amount()).prop_map(|(name, holder, expires_at, price)| {
            Event::NameRenewed {
                name,
                holder,
                expires_at,
                price,
            }
        }),
        (name(), account(), account()).prop_map(|(name, from, to)| Event::NameTransferred {
            name,
            from,
            to
        }),
        (name(), account()).prop_map(|(name, holder)| Event::NameExpired { name, holder }),
    ]
}

pub(super) fn merkle_path() -> impl Strategy<Value = MerklePath> {
    (any::<u32>(), any::<u32>(), list(hash(), PATH_LENGTH_MAX)).prop_map(
        |(index, count, siblings)| MerklePath {
            index,
            count,
            siblings,
        },
    )
}

pub(super) fn finality() -> impl Strategy<Value = Finality> {
    let vote = (any::<u16>(), signature()).prop_map(|(signer, signature)| Vote {
        signer: SignerIndex::new(signer),
        signature,
    });
    list(vote, 5).prop_map(|votes| Finality { votes })
}

pub(super) fn receipt_proof() -> impl Strategy<Value = ReceiptProof> {
    (
        any::<u8>(),
        receipt(),
        merkle_path(),
        header(),
        list(header(), 2),
        finality(),
    )
        .prop_map(
            |(version, receipt, path, header, descendants, finality)| ReceiptProof {
                version,
                receipt,
                path,
                header,
                descendants,
                finality,
            },
        )
}

pub(super) fn row_key() -> impl Strategy<Value = RowKey> {
    prop_oneof![
        Just(RowKey::Chain),
        account().prop_map(|account| RowKey::Account { account }),
        model().prop_map(|model| RowKey::Model { model }),
        offer().prop_map(|offer| RowKey::Offer { offer }),
        order().prop_map(|order| RowKey::Order { order }),
        name().prop_map(|name| RowKey::Name { name }),
        (model(), proof_key()).prop_map(|(model, key)| RowKey::ProofKey { model, key }),
        topic().prop_map(|topic| RowKey::Topic { topic }),
        (topic(), any::<u16>()).prop_map(|(topic, slot)| RowKey::Slot { topic, slot }),
        (topic(), account()).prop_map(|(topic, key)| RowKey::Pool { topic, key }),
        (topic(), account(), account()).prop_map(|(topic, key, staker)| RowKey::Staker {
            topic,
            key,
            staker
        }),
        topic().prop_map(|topic| RowKey::Round { topic }),
    ]
}

pub(super) fn state_proof() -> impl Strategy<Value = StateProof> {
    let state_key = || any::<[u8; 32]>().prop_map(StateKey::new);
    let evidence = prop_oneof![
        (blob(40), state_key()).prop_map(|(value, next)| StateEvidence::Present { value, next }),
        (state_key(), blob(40), state_key())
            .prop_map(|(before, row, next)| StateEvidence::Absent { before, row, next }),
    ];
    let path = (
        any::<u64>(),
        any::<[u8; 32]>(),
        option::of(hash()),
        any::<u8>(),
        list(hash(), 5),
    )
        .prop_map(
            |(location, activity, tail, inactive_peaks, hashes)| StatePath {
                location,
                activity,
                tail,
                inactive_peaks,
                hashes,
            },
        );
    (
        (any::<u8>(), chain(), row_key()),
        evidence,
        path,
        header(),
        list(header(), 2),
        finality(),
    )
        .prop_map(
            |((version, chain, key), evidence, path, header, descendants, finality)| StateProof {
                version,
                chain,
                key,
                evidence,
                path,
                header,
                descendants,
                finality,
            },
        )
}

fn emission_params() -> impl Strategy<Value = EmissionParams> {
    (
        amount(),
        any::<u64>(),
        any::<u32>(),
        any::<[u16; 4]>().prop_map(|points| points.map(BasisPoints::new)),
    )
        .prop_map(
            |(total, epoch_ms, half_life_epochs, [validators, topics, rebates, treasury])| {
                EmissionParams {
                    total,
                    epoch_ms,
                    half_life_epochs,
                    validators,
                    topics,
                    rebates,
                    treasury,
                }
            },
        )
}

fn name_params() -> impl Strategy<Value = NameParams> {
    (amount(), any::<[u64; 4]>()).prop_map(|(price_per_year, long)| NameParams {
        price_per_year,
        lease_ms_max: long[0],
        grace_ms: long[1],
        reserved_ms_min: long[2],
        reserved_ms_max: long[3],
    })
}

pub(super) fn params() -> impl Strategy<Value = Params> {
    (
        any::<[u64; 7]>(),
        any::<[u32; 6]>(),
        any::<[u16; 2]>(),
        any::<u8>(),
        (emission_params(), name_params()),
    )
        .prop_map(
            |(long, middle, points, redraws_max, (emission, names))| Params {
                emission,
                names,
                block_weight_max: Weight::new(long[0]),
                base_fee_min: FeeRate::new(long[1]),
                accept_window_ms: long[2],
                redraws_max,
                unbonding_ms: long[3],
                lock_multiple: long[4],
                market_fee: BasisPoints::new(points[0]),
                rejection_burn: BasisPoints::new(points[1]),
                expiries_per_block_max: middle[0],
                draws_per_block_max: middle[1],
                offers_per_book_max: middle[2],
                offers_per_account_max: middle[3],
                orders_per_account_max: middle[4],
                unbondings_per_account_max: middle[5],
                order_ms_max: long[5],
                valid_ms_max: long[6],
            },
        )
}

pub(super) fn genesis() -> impl Strategy<Value = Genesis> {
    let allocation =
        (account(), amount()).prop_map(|(account, amount)| Allocation { account, amount });
    let model = (
        model(),
        account(),
        content(),
        content(),
        text(),
        royalties(),
    )
        .prop_map(
            |(model, owner, manifest, program, licence, royalties)| GenesisModel {
                model,
                owner,
                manifest,
                program,
                licence,
                royalties,
            },
        );
    (
        text(),
        time(),
        list(public_key(), 3),
        list(allocation, 3),
        list(model, 2),
        params(),
    )
        .prop_map(
            |(network, start, validators, allocations, models, params)| Genesis {
                network,
                start,
                validators,
                allocations,
                models,
                params,
            },
        )
}

pub(super) fn miner_address() -> impl Strategy<Value = MinerAddress> {
    "https?://([a-z][a-z0-9]{0,9}(\\.[a-z][a-z0-9]{1,9}){0,3}|1[0-9]\\.[1-9]\\.0\\.1|\\[::[1-9a-f]{1,4}\\]):[1-9][0-9]{0,3}"
        .prop_map(|address| address.parse().expect("an address"))
}

pub(super) fn ask() -> impl Strategy<Value = Ask> {
    let time = any::<u64>().prop_map(UnixTime::new);
    let ends = (chain(), topic(), account(), account());
    (ends, time, hash(), content()).prop_map(|((chain, topic, from, to), at, nonce, body)| Ask {
        chain,
        topic,
        from,
        to,
        at,
        nonce,
        body,
    })
}

pub(super) fn signed_ask() -> impl Strategy<Value = SignedAsk> {
    (ask(), signature()).prop_map(|(ask, signature)| SignedAsk { ask, signature })
}

pub(super) fn signed_answer() -> impl Strategy<Value = SignedAnswer> {
    (hash(), content(), signature()).prop_map(|(ask, body, signature)| SignedAnswer {
        answer: Answer { ask, body },
        signature,
    })
}

pub(super) fn upload_claim() -> impl Strategy<Value = UploadClaim> {
    (chain(), account(), content(), any::<u64>(), time()).prop_map(
        |(chain, uploader, content, size, valid_until)| UploadClaim {
            version: UPLOAD_VERSION,
            chain,
            uploader,
            content,
            size,
            valid_until,
        },
    )
}

pub(super) fn signed_upload() -> impl Strategy<Value = SignedUpload> {
    (upload_claim(), signature()).prop_map(|(claim, signature)| SignedUpload { claim, signature })
}
