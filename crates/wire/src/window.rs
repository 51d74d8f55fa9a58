/// Which of a session's last [`Window::SIZE`] packets came, so that none is taken twice (RFC 4303, section 3.4.3).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Window {
    top: u64,
    /// Bit `i`: packet `top - i` came. All zero before the first one.
    came: u128,
}

impl Window {
    /// A packet overtaken by more than this is taken for a replay.
    pub(crate) const SIZE: u64 = 128;

    /// Whether this packet has not come yet, as far as the window reaches.
    pub(crate) fn is_fresh(&self, counter: u64) -> bool {
        match self.top.checked_sub(counter) {
            _ if self.came == 0 => true,
            None => true,
            Some(back) => back < Window::SIZE && self.came >> back & 1 == 0,
        }
    }

    /// Whether so many later ones came that this one is out of the window's reach.
    pub(crate) fn is_beyond(&self, counter: u64) -> bool {
        self.came != 0 && self.top.saturating_sub(counter) >= Window::SIZE
    }

    /// It came, and it verified.
    pub(crate) fn mark(&mut self, counter: u64) {
        if self.came == 0 || counter > self.top {
            let ahead = counter - if self.came == 0 { counter } else { self.top };
            self.came = if ahead < Window::SIZE { self.came << ahead } else { 0 } | 1;
            self.top = counter;
        } else {
            self.came |= 1 << (self.top - counter);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_packet_is_fresh_once_in_any_order_within_the_window() {
        let mut window = Window::default();
        for counter in [1_000, 873, 999, 1_001, 1_127, 1_128] {
            assert!(window.is_fresh(counter), "{counter}");
            window.mark(counter);
            assert!(!window.is_fresh(counter), "{counter}");
        }
        assert!(window.is_fresh(1_002));
        assert!(!window.is_fresh(1_000), "128 behind: beyond the window");
        window.mark(u64::MAX);
        assert!(!window.is_fresh(1_127) && window.is_fresh(u64::MAX - 127));
    }

    #[test]
    fn the_first_packet_may_be_any_and_zero_too() {
        let mut window = Window::default();
        assert!(window.is_fresh(0));
        window.mark(0);
        assert!(!window.is_fresh(0) && window.is_fresh(1));
    }
}
