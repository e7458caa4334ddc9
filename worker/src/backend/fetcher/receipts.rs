//! What became of the reports of a call.

use store::queue::{Receipt, Report};

use super::Fetcher;

impl Fetcher {
    pub(super) fn take_receipts(&self, reports: &[Report], receipts: &[Receipt]) {
        for (report, receipt) in reports.iter().zip(receipts) {
            if *receipt != Receipt::Stale {
                self.egress.recorded(report);
            }
            match receipt {
                Receipt::Recorded => {}
                Receipt::DisabledEndpoint => {
                    self.metrics.endpoints_disabled.inc();
                    tracing::info!(
                        endpoint = %report.delivery.endpoint(),
                        delivery = %report.delivery,
                        "endpoint disabled; its deliveries are parked until it is switched on again"
                    );
                }
                Receipt::Stale => {
                    self.metrics.reports_stale.inc();
                    tracing::info!(delivery = %report.delivery, "the lease was lost before the result came; it is not counted");
                }
            }
        }
    }
}
