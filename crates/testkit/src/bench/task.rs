//! The tasks that are measured. What they ask for comes with the input.

/// A task to publish.
pub(crate) struct Task {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its text.
    pub(crate) source: &'static str,
}

/// All of them.
pub(crate) const ALL: [Task; 8] =
    [WAVES, NO_OP, INSIDE_STEPS, HTTP_STEPS, INSIDE_LONG, SLEEP_LONG, SLEEPER, PARENT];

/// Returns at once.
pub(crate) const NO_OP: Task =
    Task { name: "no-op", source: "export async function runTask(input) { return input; }" };

/// Steps that stay inside: reads of the keystore.
pub(crate) const INSIDE_STEPS: Task = Task {
    name: "inside-steps",
    source: "export async function runTask({ steps }, tools) {
  for (let step = 0; step < steps; step += 1) await tools.keystore.get('bench');
  return steps;
}",
};

/// Steps that go outside: requests to an HTTP server, which tell it the number of the step.
pub(crate) const HTTP_STEPS: Task = Task {
    name: "http-steps",
    source: "export async function runTask({ steps, url }, tools) {
  for (let step = 0; step < steps; step += 1) await tools.http.fetch(url + step);
  return steps;
}",
};

/// Requests to an HTTP server, so many at the same time, wave after wave.
pub(crate) const WAVES: Task = Task {
    name: "waves",
    source: "export async function runTask({ calls, width, url }, tools) {
  for (let made = 0; made < calls; made += width) {
    await Promise.all(Array.from({ length: width }, (_, place) => tools.http.fetch(url + (made + place))));
  }
  return calls;
}",
};

/// Many steps inside, with a request before the first and behind each `every`th to tell the time.
pub(crate) const INSIDE_LONG: Task = Task {
    name: "inside-long",
    source: "export async function runTask({ steps, every, url }, tools) {
  for (let step = 0; step < steps; step += 1) {
    if (step % every === 0) await tools.http.fetch(url + step);
    await tools.keystore.get('bench');
  }
  await tools.http.fetch(url + steps);
  return steps;
}",
};

/// Many sleeps of the shortest time, told in the same way.
pub(crate) const SLEEP_LONG: Task = Task {
    name: "sleep-long",
    source: "export async function runTask({ steps, every, url }, tools) {
  for (let step = 0; step < steps; step += 1) {
    if (step % every === 0) await tools.http.fetch(url + step);
    await tools.sleep(1);
  }
  await tools.http.fetch(url + steps);
  return steps;
}",
};

/// Sleeps until a moment and returns how many milliseconds late it woke.
pub(crate) const SLEEPER: Task = Task {
    name: "sleeper",
    source: "export async function runTask({ due }, tools) {
  await tools.sleepUntil(due);
  return Date.now() - due;
}",
};

/// Starts runs and waits for all of them.
pub(crate) const PARENT: Task = Task {
    name: "parent",
    source: "export async function runTask({ children }, tools) {
  const runs = Array.from({ length: children }, (_, child) => tools.tasks.execute('no-op', { child }));
  return (await Promise.all(runs)).length;
}",
};
