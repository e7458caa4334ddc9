//! The table at both ends of each range, and the whole guard against a second implementation that has no table.

use proptest::prelude::*;

use super::*;

#[test]
fn every_blocked_range_is_blocked_at_both_ends() {
    let policy = AddressPolicy::default();
    for (network, reason) in BLOCKED_V4 {
        for address in [network.network(), network.broadcast()] {
            assert_eq!(
                policy.check(address.into()).unwrap_err().reason,
                *reason,
                "{address}"
            );
            assert!(
                policy.check(address.to_ipv6_mapped().into()).is_err(),
                "mapped {address}"
            );
            let [a, b, c, d] = address.octets();
            let nat64 = Ipv6Addr::new(
                0x64,
                0xff9b,
                0,
                0,
                0,
                0,
                u16::from_be_bytes([a, b]),
                u16::from_be_bytes([c, d]),
            );
            assert!(policy.check(nat64.into()).is_err(), "NAT64 {address}");
        }
    }
    for (network, _) in BLOCKED_V6 {
        assert!(policy.check(network.network().into()).is_err());
        assert!(policy.check(network.broadcast().into()).is_err());
    }
    for address in [
        "::",
        "::1",
        "::7f00:1",
        "fe80::1",
        "fc00::1",
        "ff02::1",
        "64:ff9b:1::1",
        "100::1",
        "4000::",
    ] {
        assert!(policy.check(address.parse().unwrap()).is_err(), "{address}");
    }
}

#[test]
fn global_addresses_pass() {
    let policy = AddressPolicy::default();
    for address in [
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.0",
        "172.15.0.1",
        "172.32.0.1",
        "223.255.255.255",
        "2606:4700::1111",
        "2a00::1",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
    ] {
        assert_eq!(policy.check(address.parse().unwrap()), Ok(()), "{address}");
    }
}

#[test]
fn an_operator_can_open_networks() {
    let policy = AddressPolicy::new(vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()]);
    for open in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
        assert_eq!(policy.check(open.parse().unwrap()), Ok(()), "{open}");
    }
    assert!(policy.check("10.0.0.1".parse().unwrap()).is_err());
}
/// The same rules by another way: octets and groups compared by hand and by the standard library, no table of networks.
fn expected(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => expected_v4(v4),
        IpAddr::V6(v6) => expected_v6(v6),
    }
}

fn expected_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, d] = address.octets();
    let is_special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
        || address.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..=127).contains(&b))
        || (a == 198 && (b == 18 || b == 19))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a, b, c, d) == (168, 63, 129, 16);
    !is_special
}

fn expected_v6(address: Ipv6Addr) -> bool {
    let number = u128::from(address);
    let low = u32::try_from(number & u128::from(u32::MAX)).unwrap();
    if number >> 32 == 0xffff || number >> 32 == 0x0064_ff9b << 64 {
        return expected_v4(low.into());
    }
    let [first, second, ..] = address.segments();
    match first {
        0x2001 => second >= 0x200 && second != 0xdb8,
        0x2002 => false,
        0x3fff => second >= 0x1000,
        0x2000..=0x3fff => true,
        _ => false,
    }
}

/// Addresses of all kinds, most of them near the ends of a range, where mistakes are made.
fn addresses() -> impl Strategy<Value = IpAddr> {
    let ends_v4: Vec<u32> = BLOCKED_V4
        .iter()
        .flat_map(|(network, _)| [network.network().into(), network.broadcast().into()])
        .collect();
    let ends_v6: Vec<u128> = BLOCKED_V6
        .iter()
        .map(|(network, _)| network)
        .chain([&GLOBAL_V6])
        .chain(EMBEDDED_V4)
        .flat_map(|network| [network.network().into(), network.broadcast().into()])
        .collect();
    let near_v4 = (proptest::sample::select(ends_v4), 0..=4_u32)
        .prop_map(|(end, off)| Ipv4Addr::from(end.wrapping_add(off).wrapping_sub(2)));
    let near_v6 = (proptest::sample::select(ends_v6), 0..=4_u128)
        .prop_map(|(end, off)| Ipv6Addr::from(end.wrapping_add(off).wrapping_sub(2)));
    let any_v4 = prop_oneof![any::<Ipv4Addr>(), near_v4];
    let embedding = (any_v4.clone(), proptest::sample::select(EMBEDDED_V4)).prop_map(|(inner, network)| {
        IpAddr::V6((u128::from(network.network()) | u128::from(u32::from(inner))).into())
    });
    let global = any::<u128>().prop_map(|bits| IpAddr::V6((bits >> 3 | 1 << 125).into()));
    prop_oneof![
        any_v4.prop_map(IpAddr::V4),
        any::<Ipv6Addr>().prop_map(IpAddr::V6),
        near_v6.prop_map(IpAddr::V6),
        embedding,
        global,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn an_independent_implementation_judges_the_same(address in addresses()) {
        let judged = AddressPolicy::default().check(address);
        prop_assert_eq!(judged.is_ok(), expected(address), "{}: {:?}", address, judged);
    }

    #[test]
    fn an_opened_network_opens_itself_and_nothing_else(
        address in addresses(),
        opened in (any::<Ipv4Addr>(), 0..=32_u8),
    ) {
        let network = Ipv4Net::new(opened.0, opened.1).unwrap();
        let policy = AddressPolicy::new(vec![network.into()]);
        let inner = match unwrap_embedded(address) {
            IpAddr::V4(v4) => network.contains(&v4),
            IpAddr::V6(_) => false,
        };
        prop_assert_eq!(policy.check(address).is_ok(), inner || expected(address), "{} {}", address, network);
    }
}

#[test]
fn every_v4_block_of_256_is_judged_as_the_independent_implementation_does() {
    let policy = AddressPolicy::default();
    for block in 0..1_u32 << 24 {
        for last in [0, 255] {
            let address = Ipv4Addr::from(block << 8 | last);
            assert_eq!(
                policy.check(address.into()).is_ok(),
                expected_v4(address),
                "{address}"
            );
        }
    }
}
