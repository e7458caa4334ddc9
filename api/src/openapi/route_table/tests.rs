use super::*;

#[test]
fn a_path_that_is_written_out_comes_before_one_with_an_id() {
    let table = RouteTable::of(&crate::openapi::document());
    let found = |path| table.find(path).map(|route| route.path.as_str());
    for (path, route) in [
        (
            "/api/webhooks-config/ep_1/deliveries/stream",
            "/api/webhooks-config/{id}/deliveries/stream",
        ),
        (
            "/api/webhooks-config/ep_1/deliveries/dlv_1",
            "/api/webhooks-config/{id}/deliveries/{deliveryId}",
        ),
    ] {
        assert_eq!(found(path), Some(route));
    }
}

#[test]
fn a_path_is_found_by_its_segments() {
    let table = RouteTable::of(r#"{"paths":{"/a":{"post":{},"get":{}},"/a/{id}":{"delete":{}}}}"#);
    let found = |path| {
        table
            .find(path)
            .map(|route| (route.path.as_str(), route.allow.as_str()))
    };
    assert_eq!(found("/a"), Some(("/a", "GET, HEAD, POST")));
    assert_eq!(found("/a/x"), Some(("/a/{id}", "DELETE")));
    for page in ["/docs", "/errors", "/openapi.json"] {
        assert_eq!(found(page), Some((page, "GET, HEAD")));
    }
    for (path, page) in [
        ("/dashboard", "/dashboard"),
        ("/dashboard/", "/dashboard"),
        ("/dashboard/endpoints/ep_1/deliveries", "/dashboard"),
        ("/dashboard/embed", "/dashboard"),
        ("/dashboard/assets", "/dashboard/assets"),
        ("/dashboard/assets/app-1.js", "/dashboard/assets"),
        ("/dashboard/assets/x/y", "/dashboard/assets"),
    ] {
        assert_eq!(found(path), Some((page, "GET, HEAD")), "{path}");
    }
    for unknown in ["/", "", "/a/", "/a/x/", "/a/x/y", "/b", "/dashboards", "/docs/"] {
        assert!(found(unknown).is_none(), "{unknown}");
    }
}
