package io.vivarium.cli;

import io.vivarium.client.Json;
import io.vivarium.client.JsonObject;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Entry point of the command. */
public final class VivMain {
  static final String VERSION = "0.1.0";

  /** Exit codes, as docker has them: the command's own status passes through. */
  static final int USAGE = 2;

  static final int FAILED = 125;

  private static final Map<String, Function<Session, Object>> VERBS = new LinkedHashMap<>();

  static {
    VERBS.put("run", RunCommand::new);
    VERBS.put("create", CreateCommand::new);
    VERBS.put("import", ImportCommand::new);
    VERBS.put("fork", ForkCommand::new);
    VERBS.put("keep", LifecycleCommands.Keep::new);
    VERBS.put("start", LifecycleCommands.Start::new);
    VERBS.put("stop", LifecycleCommands.Stop::new);
    VERBS.put("pause", LifecycleCommands.Pause::new);
    VERBS.put("resume", LifecycleCommands.Resume::new);
    VERBS.put("kill", LifecycleCommands.Kill::new);
    VERBS.put("rm", LifecycleCommands.Remove::new);
    VERBS.put("rename", LifecycleCommands.Rename::new);
    VERBS.put("update", LifecycleCommands.Update::new);
    VERBS.put("ps", PsCommand::new);
    VERBS.put("inspect", InspectCommand::new);
    VERBS.put("console", ConsoleCommand::new);
    VERBS.put("exec", ExecCommand::new);
    VERBS.put("logs", LogsCommand::new);
    VERBS.put("stats", StatsCommand::new);
    VERBS.put("disk", DiskCommands::new);
    VERBS.put("port", PortCommand::new);
    VERBS.put("snapshot", SnapshotCommands::new);
    VERBS.put("timeline", TimelineCommand::new);
    VERBS.put("trash", TrashCommands::new);
    VERBS.put("image", ImageCommands::new);
    VERBS.put("fsck", FsckCommand::new);
    VERBS.put("doctor", DoctorCommand::new);
    VERBS.put("desktop", DesktopCommand::new);
    VERBS.put("completion", CompletionCommand::new);
  }

  @Command(
      name = "viv",
      description = "Virtual machines that start like containers, and mistakes you can take back.",
      footer = {
        "",
        "viv alone opens the desktop. 'viv VERB --help' tells about a verb, 'man viv' about all.",
        "Everything is kept in $VIVARIUM_HOME, or ~/.local/share/vivarium."
      })
  static final class Root {}

  private VivMain() {}

  public static void main(String[] args) {
    Session session = new Session(System.getenv(), System.out, System.err);
    int status = run(session, args);
    System.out.flush();
    System.err.flush();
    System.exit(status);
  }

  /** Runs one command line and returns its exit code. */
  static int run(Session session, String... args) {
    if (args.length == 1 && (args[0].equals("--version") || args[0].equals("version"))) {
      session.out().println("viv " + VERSION + " (Java " + Runtime.version().feature() + ")");
      return 0;
    }
    CommandLine line = commandLine(session, args.length == 0 ? "help" : args[0]);
    line.setExecutionExceptionHandler((e, command, parsed) -> failed(session, e, args));
    line.setParameterExceptionHandler(
        (e, arguments) -> {
          report(session, wrongCall(e), args);
          return USAGE;
        });
    line.setCaseInsensitiveEnumValuesAllowed(true);
    if (args.length == 0 || args[0].equals("--help") || args[0].equals("-h")) {
      line.usage(session.out());
      return 0;
    }
    if (args[0].equals("help")) {
      return help(session, line, args);
    }
    return line.execute(args);
  }

  private static VivariumException wrongCall(ParameterException e) {
    CommandLine command = e.getCommandLine();
    String cure = "See '" + command.getCommandSpec().qualifiedName() + " --help'.";
    String what = lowerFirst(String.valueOf(e.getMessage()));
    if (e instanceof UnmatchedArgumentException unmatched) {
      if (command.getParent() == null) {
        what = "there is no verb '" + unmatched.getUnmatched().getFirst() + "'";
        cure = "'viv help' lists all.";
      }
      // Picocli's are all names, the likely first, when none is near.
      List<String> near = unmatched.getSuggestions();
      if (!near.isEmpty() && near.size() <= 3) {
        cure = "Did you mean '" + near.getFirst() + "'?";
      }
    }
    return new VivariumException(Kind.USAGE, what, cure);
  }

  private static int help(Session session, CommandLine line, String[] args) {
    if (args.length == 2 && args[1].equals("--man")) {
      session.out().print(ManPage.of(line));
      return 0;
    }
    CommandLine about = line;
    for (int i = 1; i < args.length; i++) {
      CommandLine next = about.getSubcommands().get(args[i]);
      if (next == null) {
        report(
            session,
            new VivariumException(
                Kind.USAGE, "there is no verb '" + args[i] + "'", "'viv help' lists all."),
            args);
        return USAGE;
      }
      about = next;
    }
    about.usage(session.out());
    return 0;
  }

  /** With every verb; for what tells about all of them. */
  static CommandLine all(Session session) {
    return commandLine(session, "help");
  }

  private static CommandLine commandLine(Session session, String verb) {
    CommandLine root = new CommandLine(new Root());
    Function<Session, Object> one = VERBS.get(verb);
    if (one != null) {
      root.addSubcommand(verb, one.apply(session));
    } else {
      VERBS.forEach((name, make) -> root.addSubcommand(name, make.apply(session)));
    }
    root.getSubcommands().values().forEach(VivMain::addHelp);
    return root;
  }

  /** The verbs of a group, which are methods and share no fields, take this option too. */
  private static void addHelp(CommandLine group) {
    for (CommandLine verb : group.getSubcommands().values()) {
      if (verb.getCommandSpec().findOption("--help") == null) {
        verb.getCommandSpec()
            .addOption(
                OptionSpec.builder("-h", "--help")
                    .type(boolean.class)
                    .usageHelp(true)
                    .description("Show this help.")
                    .build());
      }
    }
  }

  private static int failed(Session session, Exception e, String[] args) {
    if (e instanceof VivariumException failure) {
      report(session, failure, args);
      return failure.kind() == Kind.USAGE ? USAGE : FAILED;
    }
    report(
        session,
        new VivariumException(Kind.INTERNAL, "an error of its own: " + e, "Please report it."),
        args);
    e.printStackTrace(session.err());
    return FAILED;
  }

  /** {@code viv: what. cure}, or the same as JSON where the output is JSON. */
  private static void report(Session session, VivariumException failure, String[] args) {
    List<String> own = new ArrayList<>(Arrays.asList(args));
    int end = own.indexOf("--");
    if ((end < 0 ? own : own.subList(0, end)).contains("--json")) {
      JsonObject error =
          new JsonObject()
              .put("kind", failure.kind())
              .put("message", failure.getMessage())
              .put("cure", failure.cure());
      session.err().println(Json.write(new JsonObject().put("error", error)));
      return;
    }
    String what = String.valueOf(failure.getMessage());
    String dot = what.endsWith(".") || what.endsWith("?") ? "" : ".";
    String cure = failure.cure().isEmpty() ? "" : " " + failure.cure();
    session.err().println("viv: " + what + dot + cure);
  }

  private static String lowerFirst(String text) {
    return text.isEmpty() ? text : Character.toLowerCase(text.charAt(0)) + text.substring(1);
  }
}
