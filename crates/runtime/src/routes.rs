//! The table of contents: every route, its handler, and whether it needs a token. The document is
//! made from the same table.

mod calls;
mod events;
mod executor;
mod health;
mod keystore;
mod keystore_versions;
mod legacy;
mod logs;
mod policy;
mod run_actions;
mod runs;
mod stats;
mod task_versions;
mod tasks;
mod welcome;

use axum::Router;
use axum::routing::{delete, get, post, put};
use utoipa::OpenApi;

use crate::app::App;
use crate::problem;

macro_rules! routes {
    (
        guarded { $($method:ident $path:literal $module:ident::$handler:ident)* }
        open { $($open_method:ident $open_path:literal $open_module:ident::$open_handler:ident)* }
    ) => {
        /// The routes that need a token.
        pub(crate) fn guarded() -> Router<App> {
            Router::new()$(.route($path, $method($module::$handler)))*
        }

        /// The routes that need none.
        pub(crate) fn open() -> Router<App> {
            Router::new()$(.route($open_path, $open_method($open_module::$open_handler)))*
        }

        /// Every route: method, path.
        #[cfg(test)]
        pub(crate) const ALL: &[(&str, &str)] = &[
            $((stringify!($method), $path),)*
            $((stringify!($open_method), $open_path),)*
        ];

        /// What the handlers say about themselves.
        #[derive(OpenApi)]
        #[openapi(
            paths($($module::$handler,)* $($open_module::$open_handler,)*),
            components(schemas(problem::Document, problem::Fault))
        )]
        pub(crate) struct Documented;
    };
}

routes! {
    guarded {
        post   "/v1/tasks"                             tasks::publish_task
        get    "/v1/tasks"                             tasks::list_tasks
        get    "/v1/tasks/{name}"                      tasks::get_task
        get    "/v1/tasks/{name}/versions"             task_versions::list_task_versions
        get    "/v1/tasks/{name}/versions/{version}"   task_versions::get_task_version
        post   "/v1/runs"                              runs::create_run
        get    "/v1/runs"                              runs::list_runs
        get    "/v1/runs/{id}"                         runs::get_run
        post   "/v1/runs/{id}/cancel"                  run_actions::cancel_run
        post   "/v1/runs/{id}/kill"                    run_actions::kill_run
        get    "/v1/runs/{id}/calls"                   calls::list_calls
        get    "/v1/runs/{id}/logs"                    logs::list_logs
        get    "/v1/runs/{id}/events"                  events::stream_events
        post   "/v1/runs/{id}/events"                  events::send_event
        get    "/v1/keystore"                          keystore::list_keystore_entries
        get    "/v1/keystore/namespaces"               keystore::list_keystore_namespaces
        put    "/v1/keystore/{namespace}/{name}"       keystore::put_keystore_entry
        delete "/v1/keystore/{namespace}/{name}"       keystore::delete_keystore_entry
        post   "/v1/keystore/{namespace}/{name}/restore"   keystore_versions::restore_keystore_entry
        get    "/v1/keystore/{namespace}/{name}/versions"  keystore_versions::list_keystore_versions
        delete "/v1/keystore/{namespace}/{name}/versions"  keystore_versions::purge_keystore_versions
        get    "/v1/policy"                            policy::get_policy
        put    "/v1/policy"                            policy::put_policy
        get    "/v1/health"                            health::get_health
        get    "/v1/stats"                             stats::get_stats
        post   "/tasks"                                legacy::start_task_run
        get    "/tasks/status"                         legacy::get_task_run_status
        get    "/tasks/logs"                           legacy::get_task_run_logs
    }
    open {
        get    "/"                                     welcome::get_welcome
        get    "/openapi.json"                         welcome::get_document
        get    "/livez"                                health::get_livez
        get    "/readyz"                               health::get_readyz
        post   "/quickjs-executor"                     executor::push_run
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_is_documented_and_nothing_else() {
        let document = serde_json::to_value(Documented::openapi()).unwrap();
        let mut documented = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            documented
                .extend(item.as_object().unwrap().keys().map(|method| (method.as_str(), path.as_str())));
        }
        documented.sort_unstable();
        let mut routed = ALL.to_vec();
        routed.sort_unstable();
        assert_eq!(routed, documented);
    }
}
