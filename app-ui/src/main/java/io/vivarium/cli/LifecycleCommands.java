package io.vivarium.cli;

import io.vivarium.client.Sizes;
import io.vivarium.client.Vivarium;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VmSpec;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The verbs that change what VMs do; most take several names. */
final class LifecycleCommands {
  private LifecycleCommands() {}

  /** Does the same to each VM named, and prints the names that it worked for. */
  abstract static class Each extends Verb {
    @Parameters(arity = "1..*", paramLabel = "NAME")
    List<String> names = new ArrayList<>();

    Each(Session session) {
      super(session);
    }

    abstract void act(Vivarium vivarium, String name) throws VivariumException;

    @Override
    public Integer call() throws VivariumException {
      VivariumException last = null;
      for (String name : names) {
        try {
          act(vivarium(), name);
          session.out().println(name);
        } catch (VivariumException e) {
          if (last != null) {
            session.err().println("viv: " + last.getMessage() + ". " + last.cure());
          }
          last = e;
        }
      }
      if (last != null) {
        throw last;
      }
      return 0;
    }
  }

  @Command(name = "start", sortOptions = false, description = "Start VMs, or one and attach to it.")
  static final class Start extends Each {
    @Option(names = "--cold", description = "Boot, even where a warm start could be.")
    boolean cold;

    @Option(
        names = {"-a", "--attach"},
        description = "Attach to its console.")
    boolean attach;

    Start(Session session) {
      super(session);
    }

    @Override
    void act(Vivarium vivarium, String name) throws VivariumException {
      try (ProgressView progress = new ProgressView(session.err())) {
        vivarium.start(name, !cold, progress);
      }
    }

    @Override
    public Integer call() throws VivariumException {
      int status = super.call();
      return attach && names.size() == 1
          ? new ConsoleSession(session, vivarium(), names.getFirst()).run()
          : status;
    }
  }

  @Command(
      name = "stop",
      sortOptions = false,
      description = "Ask guests to shut down, and end those that do not.")
  static final class Stop extends Each {
    @Option(
        names = {"-t", "--timeout"},
        paramLabel = "SECONDS",
        defaultValue = "20",
        description = "How long a guest may take (default: ${DEFAULT-VALUE}); 0 ends it at once.")
    int seconds;

    Stop(Session session) {
      super(session);
    }

    @Override
    void act(Vivarium vivarium, String name) throws VivariumException {
      try (ProgressView progress = new ProgressView(session.err())) {
        vivarium.stop(name, Math.clamp(seconds, 0, 86_400) * 1000L, progress);
      }
    }
  }

  @Command(name = "pause", description = "Stop the vCPUs of VMs; nothing is lost.")
  static final class Pause extends Each {
    Pause(Session session) {
      super(session);
    }

    @Override
    void act(Vivarium vivarium, String name) throws VivariumException {
      vivarium.pause(name);
    }
  }

  @Command(name = "resume", description = "Let paused VMs go on.")
  static final class Resume extends Each {
    Resume(Session session) {
      super(session);
    }

    @Override
    void act(Vivarium vivarium, String name) throws VivariumException {
      vivarium.resume(name);
    }
  }

  @Command(name = "kill", description = "End VMs at once, as pulling the plug.")
  static final class Kill extends Each {
    Kill(Session session) {
      super(session);
    }

    @Override
    void act(Vivarium vivarium, String name) throws VivariumException {
      vivarium.kill(name);
    }
  }

  @Command(
      name = "rm",
      sortOptions = false,
      description = "Move VMs with all their snapshots to the trash.")
  static final class Remove extends Each {
    @Option(
        names = {"-f", "--force"},
        description = "End a running one first.")
    boolean force;

    Remove(Session session) {
      super(session);
    }

    @Override
    void act(Vivarium vivarium, String name) throws VivariumException {
      vivarium.remove(name, force);
    }
  }

  @Command(
      name = "update",
      sortOptions = false,
      description = "Give a stopped VM other memory or CPUs, from its next start on.")
  static final class Update extends Verb {
    @Parameters(paramLabel = "NAME")
    String name = "";

    @Option(names = "--memory", paramLabel = "SIZE", description = "Such as 512M or 2G.")
    @Nullable String memory;

    @Option(names = "--cpus", paramLabel = "N", description = "How many CPUs the guest sees.")
    @Nullable Integer cpus;

    Update(Session session) {
      super(session);
    }

    @Override
    public Integer call() throws VivariumException {
      if (memory == null && cpus == null) {
        throw new VivariumException(
            Kind.USAGE, "nothing to change", "viv update " + name + " --memory 1G --cpus 2");
      }
      VmSpec now = vivarium().inspect(name).spec();
      vivarium()
          .resize(
              name,
              memory == null ? now.memoryBytes() : Sizes.parse(memory),
              cpus == null ? now.cpus() : cpus);
      session.out().println(name);
      return 0;
    }
  }

  @Command(name = "rename", description = "Give a stopped VM another name.")
  static final class Rename extends Verb {
    @Parameters(index = "0", paramLabel = "NAME")
    String name = "";

    @Parameters(index = "1", paramLabel = "NEW-NAME")
    String newName = "";

    Rename(Session session) {
      super(session);
    }

    @Override
    public Integer call() throws VivariumException {
      vivarium().rename(name, newName);
      session.out().println(newName);
      return 0;
    }
  }

  @Command(
      name = "keep",
      sortOptions = false,
      description = "Let disposable VMs stay after all, when they end.")
  static final class Keep extends Each {
    Keep(Session session) {
      super(session);
    }

    @Override
    void act(Vivarium vivarium, String name) throws VivariumException {
      vivarium.keep(name);
    }
  }
}
