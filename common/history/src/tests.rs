//! How many bytes blocks take for each event, and what becomes of blocks that were damaged.

use std::time::Instant;

use domain::id::{AccountId, EndpointId};
use proptest::prelude::*;

use crate::varied::{Random, entry, event};
use crate::*;

fn account() -> AccountId {
    "org:org_2abcDEF".parse().unwrap()
}

fn events(number: usize) -> Vec<FinishedEvent> {
    let mut random = Random::new(7);
    (0..number as u64)
        .map(|n| event(&mut random, 1_790_000_000_000 + n * 10))
        .collect()
}

fn entries(endpoint: &EndpointId, number: usize) -> Vec<Entry> {
    let (mut random, mut last) = (Random::new(8), Place::default());
    events(number)
        .iter()
        .map(|event| {
            let mut entry = entry(&mut random, event, endpoint, 0);
            if entry.place.ms <= last.ms {
                entry.place = Place {
                    ms: last.ms,
                    number: last.number + 1,
                };
            }
            last = entry.place;
            entry
        })
        .collect()
}

#[test]
fn an_event_of_600_bytes_and_its_attempt_take_a_fraction_of_that() {
    let (events, endpoint) = (events(1500), EndpointId::random());
    let plain: usize = events.iter().map(|event| event.body.len()).sum();
    let began = Instant::now();
    let packed = pack_events(&BlockId::random(), &account(), Class::Delivered, &events).unwrap();
    let took = began.elapsed();
    let each = |bytes: usize, of: usize| bytes as f64 / of as f64;
    println!(
        "events: {:.1} bytes of {:.1}, packed in {:.1} µs each",
        each(packed.bytes.len(), events.len()),
        each(plain, events.len()),
        took.as_secs_f64() * 1e6 / events.len() as f64
    );
    let began = Instant::now();
    assert_eq!(unpack_events(&packed.bytes).unwrap().events, events);
    println!("unpacked in {:?}", began.elapsed());
    let entries = entries(&endpoint, 4000);
    let began = Instant::now();
    let log = pack_log(&BlockId::random(), &account(), &endpoint, &entries).unwrap();
    println!(
        "log: {:.1} bytes, packed in {:.1} µs each",
        each(log.bytes.len(), entries.len()),
        began.elapsed().as_secs_f64() * 1e6 / entries.len() as f64
    );
    let together = each(packed.bytes.len(), events.len()) + each(log.bytes.len(), entries.len());
    println!("{together:.1} bytes an event");
    println!("{}\n{}", packed.descriptor, log.descriptor);
    assert!((500.0..700.0).contains(&each(plain, events.len())));
    assert!(together <= 250.0, "{together}");
}

#[test]
fn a_filter_finds_its_events_and_few_others() {
    let events = events(1500);
    let packed = pack_events(&BlockId::random(), &account(), Class::Delivered, &events).unwrap();
    let bits = packed.descriptor.filter_bits;
    let filter = &packed.bytes[HEAD..HEAD + bits as usize / 8];
    assert!(
        events
            .iter()
            .all(|event| Probe::of(&event.id).is_in(filter, bits))
    );
    let mut random = 0..10_000;
    let taken = random
        .by_ref()
        .filter(|_| Probe::of(&domain::id::EventId::new(5)).is_in(filter, bits))
        .count();
    assert!(taken < 200, "{taken} of 10,000 others");
}

#[test]
fn what_is_odd_stays_as_it_is() {
    let endpoint = EndpointId::random();
    let odd = [
        "",
        "7",
        "dlv_x y 1 succeeded",
        "\u{1}",
        "a  b",
        "007 7",
        "dlv_01kb0000000000000000000000_0123456789abcdef t 1 succeeded 12 200 -",
        "dlv_zzzzzzzzzzzzzzzzzzzzzzzzzz_0123456789abcdef_01234567 t 010 held 99999999999999999999 - sentAgain=1",
        "dlv_01kb0000000000000000000000_0123456789abcdef \u{1} 1",
        "dlv_01kb0000000000000000000000_0123456789abcdef 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 ü9",
        "dlv_01kb0000000000000000000000_0123456789abcdef",
        "dlv_01kb0000000000000000000000_0123456789abcdef ",
    ];
    let names = ["attempt", "attempt ", "", "ü"];
    let mut entries = Vec::new();
    for (number, value) in odd.iter().enumerate() {
        let fields = names
            .iter()
            .map(|name| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let place = Place {
            ms: u64::MAX - 3,
            number: number as u64 * 3,
        };
        entries.push(Entry { place, fields });
    }
    entries.push(Entry {
        place: Place {
            ms: u64::MAX,
            number: 0,
        },
        fields: Vec::new(),
    });
    let packed = pack_log(&BlockId::random(), &account(), &endpoint, &entries).unwrap();
    let unpacked = unpack_log(&packed.bytes).unwrap();
    for (one, other) in entries.iter().zip(&unpacked.entries) {
        for ((name, value), (same, text)) in one.fields.iter().zip(&other.fields) {
            let name = if name == "attempt " { "attempt" } else { name };
            assert_eq!((one.place, name, value), (other.place, same.as_str(), text));
        }
    }
    assert_eq!(packed.descriptor.to_string().parse(), Ok(packed.descriptor));
    let mut out_of_order = entries;
    out_of_order.reverse();
    assert_eq!(
        pack_log(&BlockId::random(), &account(), &endpoint, &out_of_order),
        Err(Oversized)
    );
}

#[test]
fn too_much_is_refused_and_nothing_is_a_block_too() {
    let mut one = events(1).remove(0);
    one.body = vec![b'x'; MOST_UNPACKED];
    let id = BlockId::random();
    assert_eq!(
        pack_events(&id, &account(), Class::Exhausted, &[one]),
        Err(Oversized)
    );
    let none = pack_events(&id, &account(), Class::Exhausted, &[]).unwrap();
    let block = unpack_events(&none.bytes).unwrap();
    assert_eq!(
        (block.account, block.class, block.events),
        (account(), Class::Exhausted, Vec::new())
    );
    assert_eq!(none.descriptor.to_string().parse(), Ok(none.descriptor));
    let endpoint = EndpointId::random();
    let none = pack_log(&id, &account(), &endpoint, &[]).unwrap();
    assert_eq!(unpack_log(&none.bytes).unwrap().endpoint, endpoint);
    assert_eq!(none.descriptor.to_string().parse(), Ok(none.descriptor));
}

/// Makes the checksum right again.
fn sealed_again(mut block: Vec<u8>) -> Vec<u8> {
    if block.len() > 8 {
        let checksum = crc32fast::hash(&block[8..]);
        block[4..8].copy_from_slice(&checksum.to_le_bytes());
    }
    block
}

#[test]
fn a_block_that_would_unpack_to_gigabytes_is_refused() {
    // One attempt's pattern of a megabyte, for each of 100 entries.
    let endpoint = EndpointId::random();
    let text = format!(
        "dlv_01kb0000000000000000000000_0123456789abcdef {}",
        "x".repeat(1 << 20)
    );
    let place = Place { ms: 1, number: 0 };
    let fields = vec![("attempt".to_owned(), text)];
    let id = BlockId::random();
    let one = pack_log(
        &id,
        &account(),
        &endpoint,
        &[Entry {
            place,
            fields: fields.clone(),
        }],
    )
    .unwrap();
    assert!(unpack_log(&one.bytes).is_ok());
    let many = vec![Entry { place, fields }; 5];
    assert_eq!(pack_log(&id, &account(), &endpoint, &many), Err(Oversized));
    let mut columns: [Vec<u8>; log::COLUMNS] = block::open(log::KIND, &one.bytes).unwrap();
    let end = columns[0].len() - 1;
    columns[0][end] = 100;
    for column in &mut columns[3..10] {
        *column = column.repeat(100);
    }
    let bomb = block::seal(log::KIND, &[], &columns).unwrap();
    assert!(bomb.len() < 10_000);
    assert_eq!(unpack_log(&bomb), Err(limits::Corrupt("there is too much in it")));
    // A column that says it is short, and isn't.
    let mut out = Vec::new();
    columns::put_columns(&mut out, &[vec![0; 1 << 20]]).unwrap();
    let mut shorter = Vec::new();
    wire::put_number(&mut shorter, 1);
    wire::put_number(&mut shorter, 100);
    shorter.extend_from_slice(&out[4..]);
    assert!(columns::read_columns::<1>(&shorter).is_err());
    assert!(columns::read_columns::<1>(&out).is_ok());
}

fn any_event() -> impl Strategy<Value = FinishedEvent> {
    let id = "evt_[0-9a-hjkmnp-tv-z]{26}";
    (
        id,
        any::<(u64, u32, u64, u32, u64)>(),
        ".{0,12}",
        prop::collection::vec(any::<u8>(), 0..300),
    )
        .prop_map(
            |(id, (finished_at, again, accepted_at, deliveries, charge), kind, body)| FinishedEvent {
                id: id.parse().unwrap(),
                finished_at,
                again,
                kind,
                accepted_at,
                deliveries,
                charge: charge / 1000,
                body,
            },
        )
}

fn any_entries() -> impl Strategy<Value = Vec<Entry>> {
    let delivery = "dlv_[0-9a-hjkmnp-tv-z]{26}_[0-9a-hjkmnp-tv-z]{16}(_[0-9a-hjkmnp-tv-z]{8})? .{0,40}";
    let name = prop_oneof![Just("attempt".to_owned()), "[a-z]{0,8}".prop_map(|name| name)];
    let value = prop_oneof![delivery, ".{0,60}", "[0-9. ]{0,30}"];
    let fields = prop::collection::vec((name, value), 0..5);
    prop::collection::vec((any::<(u16, u16)>(), fields), 0..40).prop_map(|entries| {
        let mut place = Place {
            ms: 1_790_000_000_000,
            number: 0,
        };
        entries
            .into_iter()
            .map(|((ms, number), fields)| {
                place = match ms % 3 {
                    0 => Place {
                        ms: place.ms,
                        number: place.number + 1 + u64::from(number),
                    },
                    _ => Place {
                        ms: place.ms + u64::from(ms),
                        number: number.into(),
                    },
                };
                Entry { place, fields }
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn events_come_out_as_they_went_in(events in prop::collection::vec(any_event(), 0..40)) {
        let packed = pack_events(&BlockId::random(), &account(), Class::Exhausted, &events).unwrap();
        let block = unpack_events(&packed.bytes).unwrap();
        prop_assert_eq!(block, EventsBlock { account: account(), class: Class::Exhausted, events });
        prop_assert_eq!(packed.descriptor.to_string().parse(), Ok(packed.descriptor));
    }

    #[test]
    fn entries_come_out_as_they_went_in(entries in any_entries()) {
        let endpoint = EndpointId::random();
        let packed = pack_log(&BlockId::random(), &account(), &endpoint, &entries).unwrap();
        prop_assert_eq!(packed.descriptor.to_string().parse(), Ok(packed.descriptor));
        prop_assert_eq!(unpack_log(&packed.bytes).unwrap(), LogBlock { endpoint, entries });
    }

    #[test]
    fn damage_is_noticed(events in prop::collection::vec(any_event(), 1..5), at in any::<prop::sample::Index>(), by in 1_u8..=255) {
        let mut block = pack_events(&BlockId::random(), &account(), Class::Delivered, &events).unwrap().bytes;
        let at = at.index(block.len());
        block[at] ^= by;
        prop_assert!(unpack_events(&block).is_err());
        block[at] ^= by;
        block.truncate(at);
        prop_assert!(unpack_events(&block).is_err());
    }

    #[test]
    fn no_bytes_break_the_readers(
        entries in any_entries(),
        events in prop::collection::vec(any_event(), 0..5),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        noise in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let mut log = pack_log(&BlockId::random(), &account(), &EndpointId::random(), &entries).unwrap().bytes;
        let mut block = pack_events(&BlockId::random(), &account(), Class::Delivered, &events).unwrap().bytes;
        for (at, to) in damage {
            let (one, other) = (at.index(log.len()), at.index(block.len()));
            log[one] = to;
            block[other] = to;
        }
        for bytes in [sealed_again(log), sealed_again(block), noise.clone(), [b"E\x01\0\0".to_vec(), noise].concat()] {
            // Whether they are blocks doesn't matter.
            drop((unpack_events(&bytes), unpack_log(&bytes), unpack_events(&sealed_again(bytes))));
        }
    }

    #[test]
    fn no_text_breaks_the_descriptors(text in "([a-z0-9:=,*-]{0,20} ){0,9}") {
        if let Ok(descriptor) = text.parse::<EventsDescriptor>() { prop_assert_eq!(descriptor.to_string().parse(), Ok(descriptor)); }
        if let Ok(descriptor) = text.parse::<LogDescriptor>() { prop_assert_eq!(descriptor.to_string().parse(), Ok(descriptor)); }
    }
}
