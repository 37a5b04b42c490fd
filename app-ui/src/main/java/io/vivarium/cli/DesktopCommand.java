package io.vivarium.cli;

import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Told here, and done by the launcher: the desktop is a Java of its own, with other flags. */
@Command(name = "desktop", description = "Open the desktop, as viv alone does.")
final class DesktopCommand extends Verb {
  @Parameters(
      arity = "0..1",
      paramLabel = "FILE",
      description = "Begin a new VM with this disk image or kernel.")
  @Nullable Path file;

  DesktopCommand(Session session) {
    super(session);
  }

  @Override
  public Integer call() throws VivariumException {
    throw new VivariumException(
        Kind.USAGE, "the desktop is opened by the launcher", "Start it as 'viv desktop'.");
  }
}
