//! The `ghirbal` command.

fn main() -> std::process::ExitCode {
    ghirbal::cli::main()
}
