//! Calls about portal sessions, and calls with one.

use e2e::fault_proxy::{Cut, SCRIPT};
use e2e::state::{connect, key};
use e2e::system::MANAGE_KEY;
use redis::Commands as _;

use super::with_api_behind_proxy;

#[tokio::test(flavor = "multi_thread")]
async fn at_every_call_about_a_portal_session() {
    let (mut scene, proxy) = with_api_behind_proxy().await;
    let account = scene.system.account();
    let manager = scene.system.caller(MANAGE_KEY);
    let path =
        |session: &serde_json::Value| format!("/api/portal-sessions/{}", session["id"].as_str().unwrap());
    // Each script once without a fault, so that all are loaded.
    let first = manager.create_portal_session(account, "read").await;
    let embedded = scene.system.caller(first["token"].as_str().unwrap());
    let _reply = embedded.get("/api/event-types").await.expect(200);
    let _reply = manager.delete(&path(&first)).await.expect(204);

    // Of each answer of a script that one of our calls waits for: counting the call is one, too.
    for skipped in 0..2 {
        let cuts = proxy.counters().answers_cut;
        for _ in 0..skipped {
            // The call is counted without a fault.
            let _reply = manager.get("/api/accounts/org_2test/pause").await.expect(200);
        }
        proxy.cut(Cut::answer_of(SCRIPT));
        let made = manager.create_portal_session(account, "write").await;
        assert_eq!(proxy.counters().answers_cut, cuts + 1);
        let kept: Vec<String> = connect(&scene.system.redis).keys(key("portal:*")).unwrap();
        assert_eq!(kept, [key(&format!("portal:{}", made["id"].as_str().unwrap()))]);
        let embedded = scene.system.caller(made["token"].as_str().unwrap());
        proxy.cut(Cut::answer_of(SCRIPT));
        let _reply = embedded.get("/api/event-types").await.expect(200);
        assert_eq!(proxy.counters().answers_cut, cuts + 2);
        proxy.cut(Cut::answer_of(SCRIPT));
        let _reply = manager.delete(&path(&made)).await.expect(204);
        assert_eq!(proxy.counters().answers_cut, cuts + 3);
        let kept: Vec<String> = connect(&scene.system.redis).keys(key("portal:*")).unwrap();
        assert_eq!(kept, Vec::<String>::new());
    }
    scene.system.stop();
}
