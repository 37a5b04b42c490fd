package io.vivarium.cli;

import io.vivarium.client.Vivarium;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "exec",
    sortOptions = false,
    description = {
      "Run a command in a running VM; its output and exit status come through.",
      "  viv exec web -- ls -l /",
      "  viv exec -i web -- tar -x -C /srv <files.tar"
    })
final class ExecCommand extends Verb {
  @Option(
      names = {"-i", "--interactive"},
      description = "Hand this command's standard input to it; else it reads nothing.")
  boolean interactive;

  @Parameters(index = "0", paramLabel = "NAME")
  String name = "";

  @Parameters(index = "1..*", arity = "0..*", paramLabel = "-- COMMAND ARGS...")
  List<String> command = new ArrayList<>();

  ExecCommand(Session session) {
    super(session);
  }

  @Override
  public Integer call() throws VivariumException {
    if (command.isEmpty()) {
      throw new VivariumException(
          Kind.USAGE,
          "a command is needed",
          "Write it after '--': viv exec " + name + " -- ls -l /");
    }
    return run(vivarium(), name, command, interactive);
  }

  static int run(Vivarium vivarium, String name, List<String> command, boolean interactive)
      throws VivariumException {
    FileOutputStream out = new FileOutputStream(FileDescriptor.out);
    FileOutputStream err = new FileOutputStream(FileDescriptor.err);
    return vivarium
        .exec(
            name,
            command,
            interactive ? new FileInputStream(FileDescriptor.in) : null,
            new Vivarium.ExecListener() {
              @Override
              public void stdout(byte[] data) {
                write(out, data);
              }

              @Override
              public void stderr(byte[] data) {
                write(err, data);
              }
            })
        .exitStatus();
  }

  /** A reader that went away, as {@code head} does, does not end the command. */
  private static void write(FileOutputStream to, byte[] data) {
    try {
      to.write(data);
    } catch (IOException e) {
      // EPIPE: nobody reads any more.
    }
  }
}
