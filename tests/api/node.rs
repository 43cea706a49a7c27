//! What administrators are told of the one node: services, hosts, pools; and what everybody is told
//! of what the API can do.

use serde_json::{Value, json};

use crate::disks::VERSIONS;
use crate::support::{Client, T0, TestServer};

const TYPES: [&str; 5] = ["ESSD", "GPSSD", "SAS", "SATA", "SSD"];

fn service(binary: &str, host: &str) -> Value {
    let mut service = json!({
        "binary": binary,
        "host": host,
        "zone": "az-sim-1",
        "status": "enabled",
        "state": "up",
        "updated_at": T0,
        "disabled_reason": null,
    });
    if binary == "cinder-volume" {
        service["replication_status"] = "disabled".into();
        service["active_backend_id"] = Value::Null;
        service["frozen"] = false.into();
    }
    service
}

fn of_disks() -> Vec<Value> {
    TYPES.iter().map(|name| service("cinder-volume", &format!("evs@{name}"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn services_are_all_up_and_listed_by_binary_and_host() {
    let server = TestServer::start().await;
    let admin = server.login("admin").await;
    let (backup, scheduler) = (service("cinder-backup", "evs"), service("cinder-scheduler", "evs"));
    let all: Vec<Value> =
        [backup.clone(), scheduler.clone()].into_iter().chain(of_disks()).collect();
    for version in VERSIONS {
        for (query, expected) in [
            ("", all.clone()),
            ("?host=evs", all.clone()),
            ("?binary=cinder-scheduler", vec![scheduler.clone()]),
            ("?binary=cinder-volume", of_disks()),
            ("?host=evs@SSD", vec![service("cinder-volume", "evs@SSD")]),
            ("?host=evs&binary=cinder-backup", vec![backup.clone()]),
            ("?host=evs@SSD&binary=cinder-backup", vec![]),
            ("?host=ev", vec![]),
            ("?host=evs@SSD%23SSD", vec![]),
            ("?binary=nonsense", vec![]),
        ] {
            let answer = admin.get(&admin.path(version, &format!("os-services{query}"))).await;
            answer.is(200, &json!({"services": expected}));
        }
    }
    let mut clustered = service("cinder-volume", "evs@SAS");
    clustered["cluster"] = Value::Null;
    let path = admin.path("v3", "os-services?host=evs@SAS");
    admin.at("3.7").get(&path).await.is(200, &json!({"services": [clustered.clone()]}));
    clustered["backend_state"] = "up".into();
    admin.at("3.49").get(&path).await.is(200, &json!({"services": [clustered]}));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn services_are_not_switched_and_say_so() {
    let server = TestServer::start().await;
    let admin = server.login("admin").await;
    for version in VERSIONS {
        for (action, body, status, message) in [
            (
                "disable-log-reason",
                json!({"host": "evs", "binary": "cinder-backup", "disabled_reason": null}),
                400,
                "Invalid input for field/attribute disabled_reason. Value: None. None is not of \
                 type 'string'",
            ),
            (
                "disable",
                json!({"host": "evs", "binary": "invalid_binary"}),
                404,
                "Service invalid_binary could not be found on host evs.",
            ),
            (
                "enable",
                json!({"host": "invalid_host", "binary": "cinder-backup"}),
                404,
                "Service cinder-backup could not be found on host invalid_host.",
            ),
            ("freeze", json!({"host": "other"}), 400, "No service found with host=other"),
            ("thaw", json!({"host": "other"}), 400, "No service found with host=other"),
            ("failover_host", json!({"host": "other"}), 400, "No service found with host=other"),
            (
                "enable",
                json!({"binary": "x"}),
                400,
                "Invalid input received: Host field is missing.",
            ),
            (
                "enable",
                json!({"host": "evs"}),
                400,
                "{'host': 'evs'} is not valid under any of the given schemas",
            ),
            (
                "disable",
                json!({"host": "evs", "binary": "cinder-backup", "x": 1}),
                400,
                "Additional properties are not allowed ('x' was unexpected)",
            ),
            (
                "disable",
                json!({"host": "evs@SSD", "binary": "cinder-volume"}),
                400,
                "Invalid input received: service cinder-volume on host evs@SSD is simulated and is \
                 not disabled.",
            ),
            (
                "disable-log-reason",
                json!({"host": "evs", "service": "cinder-backup", "disabled_reason": "x"}),
                400,
                "Invalid input received: service cinder-backup on host evs is simulated and is not \
                 disabled.",
            ),
            (
                "freeze",
                json!({"host": "evs@SSD"}),
                400,
                "Invalid input received: the service on evs@SSD is simulated and is not frozen.",
            ),
            (
                "thaw",
                json!({"host": "evs@SSD"}),
                400,
                "Invalid input received: No service could be changed: frozen in ['evs@SSD'] must \
                 be True to failover.",
            ),
            (
                "failover_host",
                json!({"host": "evs@SSD", "backend_id": "x"}),
                400,
                "Invalid input received: No service could be changed: replication_status in \
                 ['evs@SSD'] must be ['enabled', 'failed-over'] and must be up to failover.",
            ),
            ("nonsense", json!({}), 404, "The resource could not be found."),
        ] {
            let path = admin.path(version, &format!("os-services/{action}"));
            admin.put(&path, body).await.is_fault(status, message);
        }
        let body = json!({"host": "evs", "binary": "cinder-backup"});
        let on = json!({
            "host": "evs", "service": "", "binary": "cinder-backup", "status": "enabled",
            "disabled": false,
        });
        admin.put(&admin.path(version, "os-services/enable"), body).await.is(200, &on);
    }
    server.finish().await;
}

fn resource(host: &str, project: &str, counts: [i64; 4]) -> Value {
    let [disks, gib, snapshots, snapshot_gib] = counts.map(|count| count.to_string());
    json!({"resource": {
        "host": host,
        "project": project,
        "volume_count": disks,
        "total_volume_gb": gib,
        "snapshot_count": snapshots,
        "total_snapshot_gb": snapshot_gib,
    }})
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_are_the_services_places_and_tell_what_lies_on_them() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let partner = server.login("partner").await;
    let disk = demo.disk().await;
    demo.disk_of(json!({"size": 7})).await;
    demo.disk_of(json!({"size": 100, "volume_type": "SAS"})).await;
    demo.snapshot(&disk).await;
    partner.disk_of(json!({"size": 3})).await;
    let host = |name: &str, service: &str| {
        json!({
            "host_name": name,
            "service": service,
            "zone": "az-sim-1",
            "service-status": "available",
            "service-state": "enabled",
            "last-update": T0,
        })
    };
    let mut hosts = vec![host("evs", "cinder-backup"), host("evs", "cinder-scheduler")];
    hosts.extend(TYPES.iter().map(|name| host(&format!("evs@{name}"), "cinder-volume")));
    let mut by_project = [
        resource("evs@SSD", &demo.project, [2, 17, 1, 10]),
        resource("evs@SSD", &partner.project, [1, 3, 0, 0]),
    ];
    by_project.sort_by_key(|resource| resource["resource"]["project"].to_string());
    let [first, second] = by_project;
    let total = resource("evs@SSD", "(total)", [3, 20, 1, 10]);
    for version in VERSIONS {
        let list =
            async |query: &str| admin.get(&admin.path(version, &format!("os-hosts{query}"))).await;
        list("").await.is(200, &json!({"hosts": hosts}));
        list("?zone=az-sim-1").await.is(200, &json!({"hosts": hosts}));
        list("?zone=nowhere").await.is(200, &json!({"hosts": []}));
        list("/evs@SSD").await.is(200, &json!({"host": [total, first, second]}));
        let empty = resource("evs@ESSD", "(total)", [0; 4]);
        list("/evs%40ESSD").await.is(200, &json!({"host": [empty]}));
        for absent in ["evs", "nonsense", "evs@nonsense"] {
            let message = format!("Service cinder-volume could not be found on host {absent}.");
            list(&format!("/{absent}")).await.is_fault(404, &message);
        }
    }
    server.finish().await;
}

async fn pools(client: &Client, query: &str) -> Vec<String> {
    let path = client.path("v3", &format!("scheduler-stats/get_pools{query}"));
    let answer = client.get(&path).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.text);
    let pools = answer.body["pools"].as_array().unwrap();
    pools.iter().map(|pool| pool["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn pools_are_the_disk_types_and_hold_what_a_quota_allows() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    demo.disk().await;
    server.login("partner").await.disk_of(json!({"size": 7})).await;
    let all: Vec<String> = TYPES.iter().map(|name| format!("evs@{name}#{name}")).collect();
    let ssd = vec!["evs@SSD#SSD".to_owned()];
    assert_eq!(pools(&admin, "").await, all);
    let named = "?name=evs@SSD%23SSD";
    assert_eq!(pools(&admin.at("3.27"), named).await, all, "not heard");
    assert_eq!(pools(&admin.at("3.28"), named).await, ssd);
    assert_eq!(pools(&admin.at("3.34"), "?volume_type=SSD").await, all, "not heard");
    assert_eq!(pools(&admin.at("3.35"), "?volume_type=SSD").await, ssd);
    let path = admin.path("v3", "scheduler-stats/get_pools");
    for (query, status, message) in [
        ("detail=x", 400, "Value 'x' for 'detail' is not a boolean."),
        ("x=1&detail=1", 400, "Invalid filters x are found in query options."),
        ("volume_type=X", 404, "Volume type with name X could not be found."),
    ] {
        admin.at("3.35").get(&format!("{path}?{query}")).await.is_fault(status, message);
    }
    let one = admin.at("3.28").get(&format!("{path}{named}&detail=True")).await;
    let mut expected = json!({
        "pool_name": "SSD",
        "volume_backend_name": "SSD",
        "vendor_name": "evs-local",
        "driver_version": env!("CARGO_PKG_VERSION"),
        "storage_protocol": "simulated",
        "total_capacity_gb": 100_000,
        "free_capacity_gb": 99_983,
        "allocated_capacity_gb": 17,
        "provisioned_capacity_gb": 17,
        "reserved_percentage": 0,
        "max_over_subscription_ratio": "1.0",
        "location_info": null,
        "QoS_support": false,
        "multiattach": true,
        "thin_provisioning_support": false,
        "thick_provisioning_support": true,
        "online_extend_support": true,
        "replication_enabled": false,
        "backend_state": "up",
        "filter_function": null,
        "goodness_function": null,
        "timestamp": T0,
    });
    let told = |capabilities: &Value| json!({"pools": [{"name": "evs@SSD#SSD", "capabilities": capabilities}]});
    one.is(200, &told(&expected));
    for (limits, total, free) in [
        (json!({"gigabytes_SSD": 10}), json!(10), json!(0)),
        (json!({"gigabytes_SSD": -1, "gigabytes": -1}), json!("infinite"), json!("infinite")),
    ] {
        let class = admin.path("v3", "os-quota-class-sets/default");
        let answer = admin.put(&class, json!({"quota_class_set": limits})).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        expected["total_capacity_gb"] = total;
        expected["free_capacity_gb"] = free;
        let one = admin.at("3.28").get(&format!("{path}{named}&detail=True")).await;
        one.is(200, &told(&expected));
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn capabilities_are_a_backends() {
    let server = TestServer::start().await;
    let admin = server.login("admin").await;
    let property = |title: &str, description: &str| json!({"title": title, "description": description, "type": "boolean"});
    let of = |name: &str| {
        json!({
            "namespace": format!("OS::Storage::Capabilities::evs@{name}"),
            "vendor_name": "evs-local",
            "volume_backend_name": name,
            "pool_name": null,
            "driver_version": env!("CARGO_PKG_VERSION"),
            "storage_protocol": "simulated",
            "display_name": null,
            "description": null,
            "visibility": null,
            "replication_targets": [],
            "properties": {
                "thin_provisioning": property("Thin Provisioning", "Sets thin provisioning."),
                "compression": property("Compression", "Enables compression."),
                "qos": property("QoS", "Enables QoS."),
                "replication_enabled": property("Replication", "Enables replication."),
            },
        })
    };
    for version in VERSIONS {
        for (host, name) in
            [("evs@SAS", "SAS"), ("evs@SAS%23SAS", "SAS"), ("evs", "ESSD"), ("evs%40SSD", "SSD")]
        {
            let path = admin.path(version, &format!("capabilities/{host}"));
            admin.get(&path).await.is(200, &of(name));
        }
        for host in ["other", "evs@nonsense", "evs@SSD%23SAS"] {
            let path = admin.path(version, &format!("capabilities/{host}"));
            let message = format!("Can't find service: {}", host.replace("%23", "#"));
            admin.get(&path).await.is_fault(404, &message);
        }
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn extensions_are_told_by_alias() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    for version in VERSIONS {
        let listed = demo.get(&demo.path(version, "extensions")).await;
        assert_eq!(listed.status, 200);
        let listed = listed.body["extensions"].as_array().unwrap().clone();
        // OTC "API Extension", and what this service answers besides.
        for alias in [
            "OS-SCH-HNT",
            "os-hosts",
            "os-vol-tenant-attr",
            "os-quota-sets",
            "os-types-manage",
            "os-volume-encryption-metadata",
            "backups",
            "os-snapshot-actions",
            "os-volume-actions",
            "os-used-limits",
            "os-volume-unmanage",
            "os-vol-host-attr",
            "encryption",
            "os-availability-zone",
            "qos-specs",
            "os-types-extra-specs",
            "os-vol-mig-status-attr",
            "os-image-create",
            "os-extended-services",
            "os-extended-snapshot-attributes",
            "os-vol-image-meta",
            "os-quota-class-sets",
            "os-volume-transfer",
            "os-volume-manage",
            "os-admin-actions",
            "os-services",
            "capabilities",
            "scheduler-stats",
        ] {
            let found: Vec<&Value> =
                listed.iter().filter(|extension| extension["alias"] == alias).collect();
            assert_eq!(found.len(), 1, "{alias}");
            let one = demo.get(&demo.path(version, &format!("extensions/{alias}"))).await;
            one.is(200, &json!({"extension": found[0]}));
        }
        demo.get(&demo.path(version, "extensions/os-volume-transfer")).await.is(
            200,
            &json!({"extension": {
                "name": "VolumeTransfer",
                "alias": "os-volume-transfer",
                "description": "Volume transfer management support.",
                "updated": "2013-05-29T00:00:00+00:00",
                "links": [],
            }}),
        );
        let absent = demo.get(&demo.path(version, "extensions/nonsense")).await;
        absent.is_fault(404, "The resource could not be found.");
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_333_on_the_filters_of_a_resource_are_told() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let gone = "The resource could not be found.";
    demo.get(&demo.path("v2", "resource_filters")).await.is_fault(404, gone);
    let path = demo.path("v3", "resource_filters");
    demo.at("3.32").get(&path).await.is_fault(404, gone);
    let new = demo.at("3.33");
    let all = new.get(&path).await;
    let resources: Vec<&Value> = all.body["resource_filters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|filters| &filters["resource"])
        .collect();
    let expected = [
        "volume",
        "backup",
        "snapshot",
        "group",
        "group_snapshot",
        "attachment",
        "message",
        "pool",
        "volume_type",
    ];
    assert_eq!(resources, expected);
    let one = new.get(&format!("{path}?resource=volume")).await;
    let filters = [
        "name",
        "name~",
        "description~",
        "status",
        "status~",
        "metadata",
        "bootable",
        "migration_status",
        "availability_zone",
        "availability_zone~",
        "group_id",
        "size",
        "created_at",
        "updated_at",
        "consumes_quota",
    ];
    one.is(200, &json!({"resource_filters": [{"resource": "volume", "filters": filters}]}));
    // Whatever is told there is heard.
    for filter in filters {
        let value = match filter {
            "created_at" | "updated_at" => "gt:2026-11-01",
            "bootable" | "consumes_quota" => "true",
            _ => "x",
        };
        let path = demo.path("v3", &format!("volumes?{filter}={value}"));
        assert_eq!(demo.at("3.71").get(&path).await.status, 200, "{filter}");
    }
    let none = new.get(&format!("{path}?resource=nonsense")).await;
    none.is(200, &json!({"resource_filters": []}));
    server.finish().await;
}
