//! `fermata types`: what it writes, and what the TypeScript compiler makes of it.

use std::fs;
use std::process::Command;

use fermata_testkit::google::{Google, World};
use fermata_testkit::python;

use crate::documents;
use crate::program::{Ended, Place, finish};

/// A task that the folder's tasks and tools are typed for; what should be noticed is expected.
const AUTHOR: &str = "import type { Task } from 'fermata-sdk';

export const runTask: Task<{ who: string }, string> = async ({ who }, tools) => {
  const run = await tools.tasks.start('team/greet', { name: who, times: 2 });
  type Input = import('fermata-sdk').KnownTasks['team/greet'];
  // @ts-expect-error the name is needed
  const wrong: Input = { times: 2 };
  // @ts-expect-error there is no such setting
  await tools.http.get('https://example.com', { timeout: wrong });
  return run.id;
};
";

const GREET: &str = "/**
 * Greets somebody.
 * @param {object} input
 * @param {string} input.name Whom to greet.
 * @param {number} [input.times] How often.
 */
export const runTask = async (input, tools) => `Hello ${input.name}`;
";

/// JavaScript says its types in comments.
const PLAIN: &str = "// @ts-check
/** @type {import('fermata-sdk').Task<{ url: string }>} */
export const runTask = async ({ url }, tools) => {
  // @ts-expect-error an answer has no such thing
  return (await tools.http.get(url)).stat;
};
";

/// What is typed of Google's APIs, whichever way an API is asked for.
const GOOGLE: &str = "import type { Task } from 'fermata-sdk';
import type { CalendarV3 } from 'fermata-sdk/google/calendar';

export const runTask: Task = async (input, { gapi }) => {
  const { items } = await gapi.calendar.events.list({ calendarId: 'primary', eventTypes: ['default'] }, { all: true });
  const titles: (string | undefined)[] = (items ?? []).map((event: CalendarV3.Event) => event.summary);
  const { body } = await gapi['drive:v2'].files.get({ fileId: 'x', alt: 'media' });
  // Also a resource.
  await gapi['identitytoolkit:v1'].projects.accounts({ targetProjectId: 'p', requestBody: { email: body } });
  await gapi['identitytoolkit:v1'].projects.accounts.lookup({ targetProjectId: 'p' });
  // A schema is called Api.
  await gapi['serviceusage:v1'].services.enable({ name: 'services/x' });
  const { users } = await gapi['admin:directory_v1'].users.list({ customer: 'my_customer' });
  await gapi.anything.at.all();
  // @ts-expect-error whose calendar is not said
  await gapi.calendar.events.list({});
  // @ts-expect-error no such order
  await gapi.calendar.events.list({ calendarId: 'primary', orderBy: 'size' });
  // @ts-expect-error no such method
  await gapi.calendar.events.lst({ calendarId: 'primary' });
  return [titles, users];
};
";

fn types(place: &Place, arguments: &[&str]) -> Ended {
    let folder = place.path("tasks");
    place.run([&["types", folder.to_str().unwrap()][..], arguments].concat())
}

/// What the compiler says of the folder.
fn compile(place: &Place) -> Ended {
    let mut tsc = Command::new("node");
    tsc.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../../sdk/node_modules/typescript/bin/tsc"));
    tsc.args(["--pretty", "false", "-p"]).arg(place.path("tasks"));
    finish(tsc)
}

fn read(place: &Place, name: &str) -> String {
    fs::read_to_string(place.path(name)).unwrap()
}

#[test]
fn a_folder_of_tasks_is_typed() {
    let place = Place::new();
    place.file("tasks/author.ts", AUTHOR);
    place.file("tasks/team/greet.js", GREET);
    place.file("tasks/broken.js", "export const runTask = ;");
    place.file("tasks/plain.js", PLAIN);
    let blocks = documents::blocks("");
    let documented = blocks.iter().find(|block| block.language == "ts").unwrap();
    place.file("tasks/documented.ts", &documented.text);
    let ended = types(&place, &[]).with_code(0);
    ended.telling(&["left out", "broken.js", "of 4 tasks", "wrote tsconfig.json"]);
    let compiled = compile(&place);
    assert!(
        compiled.stdout.contains("broken.js") && compiled.stdout.lines().count() == 1,
        "{}",
        compiled.stdout
    );
    fs::remove_file(place.path("tasks/broken.js")).unwrap();
    assert_eq!(compile(&place).with_code(0).stdout, "");
    // Types are no tasks.
    let again = types(&place, &[]).with_code(0);
    assert!(!again.stderr.contains("left out") && !again.stderr.contains("tsconfig"), "{}", again.stderr);
}

#[test]
fn settings_that_are_there_stay() {
    let place = Place::new();
    let mine = "{ \"compilerOptions\": { \"strict\": true } }";
    place.file("tasks/jsconfig.json", mine);
    let ended = types(&place, &[]).with_code(0);
    ended.telling(&["of 0 tasks", "put this into jsconfig.json", "\"paths\"", ".fermata/types"]);
    assert_eq!(read(&place, "tasks/jsconfig.json"), mine);
    assert!(!place.path("tasks/tsconfig.json").exists());
}

#[test]
fn googles_apis_are_typed_from_their_descriptions() {
    let place = Place::new();
    let google = Google::start(&python::google_documents().unwrap(), World::new(1, 1, 1)).unwrap();
    let url = google.url();
    let asked = |apis: &[&str]| -> Ended {
        let apis = apis.iter().flat_map(|api| ["--google", api]);
        let server = ["--discovery", &url, "--egress-allow-private", "127.0.0.0/8"];
        types(&place, &server.into_iter().chain(apis).collect::<Vec<_>>())
    };
    place.file("tasks/google.ts", GOOGLE);
    asked(&["calendar", "drive:v2", "identitytoolkit:v1"]).with_code(0).telling(&["3 Google APIs"]);
    let first = read(&place, "tasks/.fermata/types/google/calendar.d.ts");
    // What was asked for before stays.
    asked(&["identitytoolkit:v1", "serviceusage:v1", "admin:directory_v1", "gmail"]).with_code(0);
    assert_eq!(read(&place, "tasks/.fermata/types/google/calendar.d.ts"), first);
    let compiled = compile(&place);
    assert_eq!((compiled.code, compiled.stdout.as_str()), (0, ""));

    asked(&["calender"]).with_code(1).telling(&["--google calender", "did you mean calendar?"]);
    asked(&["../x"]).with_code(1).telling(&["not the name of an API"]);
    let nobody = [
        "--discovery",
        "http://127.0.0.1:1",
        "--google",
        "calendar",
        "--egress-allow-private",
        "127.0.0.0/8",
    ];
    types(&place, &nobody).with_code(1).telling(&["--google calendar"]);
    types(&place, &["--discovery", &url]).with_code(2);
    place.run(["types", "nowhere"]).with_code(2).telling(&["there is no folder"]);
}
