//! How fast codes may be guessed at this site: one wrong code a second, sustained, with a small free allowance per device, so that one
//! device's guesses do not lock the others out. Right codes cost nothing.

use std::collections::BTreeMap;

use mnara_protocol::clock::Ticks;
use mnara_protocol::ids::Mac;

/// Wrong codes a device may enter without drawing on what all share.
const FREE: u64 = 4;
/// One free try comes back after this long.
const FREE_BACK_MS: u64 = 5 * 60_000;
/// Wrong codes the site allows in one burst.
const BURST_MS: u64 = 5_000;
/// One wrong code costs so much of the shared time.
const COST_MS: u64 = 1_000;
/// How far free tries may run the shared time into debt. Past it no device gets free tries, so that a device that changes its address
/// for every try still gets one try a second.
const DEBT_MS: u64 = 300_000;
/// Devices remembered.
const DEVICES: usize = 4_096;

#[derive(Clone, Copy)]
struct Device {
    used: u64,
    since: Ticks,
}

/// Counts wrong codes.
#[derive(Default)]
pub(crate) struct Throttle {
    devices: BTreeMap<Mac, Device>,
    /// When the shared allowance is whole again.
    whole_at: u64,
}

impl Throttle {
    /// Says whether a device may try a code now; else after how many seconds.
    pub(crate) fn may_try(&mut self, mac: Mac, now: Ticks) -> Result<(), u32> {
        let owed = self.whole_at.saturating_sub(now.as_millis());
        if owed + COST_MS <= BURST_MS {
            return Ok(());
        }
        if self.free_left(mac, now) > 0 && owed + COST_MS <= DEBT_MS {
            return Ok(());
        }
        let wait = (owed + COST_MS).saturating_sub(BURST_MS).div_ceil(1_000);
        Err(u32::try_from(wait).unwrap_or(u32::MAX).max(1))
    }

    /// Takes in that the device's code was wrong.
    pub(crate) fn was_wrong(&mut self, mac: Mac, now: Ticks) {
        self.whole_at = self.whole_at.max(now.as_millis()) + COST_MS;
        if self.devices.len() >= DEVICES && !self.devices.contains_key(&mac) {
            self.devices
                .retain(|_, device| now.since(device.since).as_millis() < u128::from(FREE_BACK_MS));
            if self.devices.len() >= DEVICES {
                return;
            }
        }
        let device = self.devices.entry(mac).or_insert(Device {
            used: 0,
            since: now,
        });
        device.used = (device.used + 1).min(FREE);
    }

    /// Takes back what was counted as wrong before it was known to be right.
    pub(crate) fn was_right(&mut self, mac: Mac) {
        self.whole_at = self.whole_at.saturating_sub(COST_MS);
        if let Some(device) = self.devices.get_mut(&mac) {
            device.used = device.used.saturating_sub(1);
        }
    }

    fn free_left(&mut self, mac: Mac, now: Ticks) -> u64 {
        let full = self.devices.len() >= DEVICES;
        let Some(device) = self.devices.get_mut(&mac) else {
            // While nobody new can be remembered nobody new gets anything for free.
            return if full { 0 } else { FREE };
        };
        let back = now.as_millis().saturating_sub(device.since.as_millis()) / FREE_BACK_MS;
        if back > 0 {
            device.used = device.used.saturating_sub(back);
            device.since = now;
        }
        FREE - device.used
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mac(n: u16) -> Mac {
        let [a, b] = n.to_be_bytes();
        Mac::from_bytes([2, 0, 0, 0, a, b])
    }

    fn at(ms: u64) -> Ticks {
        Ticks::from_millis(ms)
    }

    /// Wrong codes that get through in an hour when tries come every 50 ms from the devices that `from` names.
    fn let_through(throttle: &mut Throttle, from: impl Fn(u64) -> Mac) -> u64 {
        let mut through = 0;
        for step in 0..(3_600 * 20) {
            let now = at(step * 50);
            let device = from(step);
            if throttle.may_try(device, now).is_ok() {
                throttle.was_wrong(device, now);
                through += 1;
            }
        }
        through
    }

    #[test]
    fn one_device_gets_one_wrong_code_a_second_sustained() {
        let through = let_through(&mut Throttle::default(), |_| mac(1));
        assert!((3_590..=3_640).contains(&through), "{through}");
    }

    #[test]
    fn a_device_that_changes_its_address_for_every_try_gains_only_the_debt() {
        let through = let_through(&mut Throttle::default(), |step| {
            mac(u16::try_from(step % 60_000).unwrap())
        });
        assert!(through <= 3_600 + 300, "{through}");
    }

    #[test]
    fn a_guesser_does_not_lock_out_a_customer() {
        let mut throttle = Throttle::default();
        let_through(&mut throttle, |_| mac(1));
        let now = at(3_600_000);
        while throttle.may_try(mac(1), now).is_ok() {
            throttle.was_wrong(mac(1), now);
        }
        for _ in 0..FREE {
            assert_eq!(throttle.may_try(mac(2), now), Ok(()));
            throttle.was_wrong(mac(2), now);
        }
        assert!(
            throttle.may_try(mac(2), now).is_err(),
            "the allowance is small"
        );
        let retry = throttle.may_try(mac(2), now).unwrap_err();
        let then = at(now.as_millis() + u64::from(retry) * 1_000);
        assert_eq!(
            throttle.may_try(mac(2), then),
            Ok(()),
            "the wait it names is enough"
        );
    }

    #[test]
    fn an_allowance_comes_back() {
        let mut throttle = Throttle::default();
        for _ in 0..40 {
            throttle.was_wrong(mac(1), at(0));
        }
        assert!(throttle.may_try(mac(1), at(1_000)).is_err());
        assert_eq!(throttle.may_try(mac(1), at(FREE_BACK_MS)), Ok(()));
    }
}
