//! Reruns a test of this crate inside namespaces, so that its changes of mounts and limits stay there.

use std::process::Command;

const INSIDE: &str = "HOTFRAME_TEST_INSIDE";

/// Whether this process is inside. If not, runs the test with this path there, after the shell commands in `prepare`, where the system
/// allows it.
pub(crate) fn is_inside(test: &str, unshare: &[&str], prepare: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let program = std::env::current_exe().expect("the test has a file");
    let run = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(unshare).args(["sh", "-ec", script]).arg(&program).env(INSIDE, "1");
        command.output()
    };
    if !run(prepare).is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: no `unshare {}` here", unshare.join(" "));
        return false;
    }
    let output = run(&format!("{prepare}\nexec \"$0\" --exact {test} --nocapture")).expect("it has just run");
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
    false
}
