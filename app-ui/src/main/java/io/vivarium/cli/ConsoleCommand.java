package io.vivarium.cli;

import io.vivarium.client.VivariumException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
    name = "console",
    description = "Attach to a running VM's console; Ctrl+] leaves it and the VM goes on.")
final class ConsoleCommand extends Verb {
  @Parameters(paramLabel = "NAME")
  String name = "";

  ConsoleCommand(Session session) {
    super(session);
  }

  @Override
  public Integer call() throws VivariumException {
    return new ConsoleSession(session, vivarium(), name).run();
  }
}
