package io.vivarium.cli;

import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
    name = "completion",
    description = {
      "Print what completes the command line with the Tab key: verbs, options, names of VMs.",
      "  source <(viv completion bash)     # in ~/.bashrc",
      "  source <(viv completion zsh)      # in ~/.zshrc"
    })
final class CompletionCommand extends Verb {
  @Parameters(paramLabel = "SHELL", description = "bash or zsh.")
  String shell = "";

  CompletionCommand(Session session) {
    super(session);
  }

  @Override
  public Integer call() throws VivariumException {
    session
        .out()
        .print(
            switch (shell) {
              case "bash" -> Completion.bash(VivMain.all(session));
              case "zsh" -> Completion.zsh(VivMain.all(session));
              default ->
                  throw new VivariumException(
                      Kind.USAGE, "there is no completion for '" + shell + "'", "bash or zsh.");
            });
    return 0;
  }
}
