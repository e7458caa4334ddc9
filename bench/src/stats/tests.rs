use super::*;

#[test]
fn percentiles_are_samples_and_the_nearest_rank() {
    let of = |samples: &[u32]| latency(samples.to_vec());
    assert_eq!(of(&[]), None);
    let one = of(&[1500]).unwrap();
    assert_eq!((one.count, one.p50, one.p99, one.max), (1, 1.5, 1.5, 1.5));
    let hundred: Vec<u32> = (1..=100).rev().map(|n| n * 1000).collect();
    let hundred = of(&hundred).unwrap();
    assert_eq!(
        (hundred.p50, hundred.p95, hundred.p99, hundred.max),
        (50.0, 95.0, 99.0, 100.0)
    );
    let two = of(&[1000, 9000]).unwrap();
    assert_eq!((two.p50, two.p95), (1.0, 9.0));
}

#[test]
fn a_spread_has_the_median_and_both_ends() {
    assert_eq!(spread(vec![]), None);
    let of = |values: &[f64]| {
        let spread = spread(values.to_vec()).unwrap();
        (spread.low, spread.median, spread.high)
    };
    assert_eq!(of(&[2.0]), (2.0, 2.0, 2.0));
    assert_eq!(of(&[3.0, 1.0, 2.0]), (1.0, 2.0, 3.0));
    assert_eq!(of(&[4.0, 1.0, 2.0, 3.0]), (1.0, 2.5, 4.0));
}
