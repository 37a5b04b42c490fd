package io.vivarium.cli;

import io.vivarium.client.ImageInfo;
import io.vivarium.client.Vivarium;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VivariumHost;
import io.vivarium.client.VmSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "run",
    sortOptions = false,
    description = {
      "Create a VM of an image, start it and attach to its console; or run one command in it.",
      "The first run boots the image and keeps it ready at its prompt; later ones start from there.",
      "  viv run debian-tiny",
      "  viv run --rm debian-tiny -- echo ok",
      "  viv run -d -p 8080:80 --disk 20G debian"
    })
final class RunCommand extends Verb {
  @Mixin NewVm vm = new NewVm();

  @Option(names = "--rm", description = "Remove the VM when it ends.")
  boolean remove;

  @Option(
      names = {"-d", "--detach"},
      description = "Print its name and leave it running.")
  boolean detach;

  @Option(
      names = "--pcap",
      paramLabel = "FILE",
      description = "Capture the packets of its network into a pcap file.")
  @Nullable Path pcap;

  @Option(
      names = {"-i", "--interactive"},
      description = "Hand this command's standard input to the one in the VM.")
  boolean interactive;

  @Option(names = "--cold", description = "Boot, even where a warm start could be.")
  boolean cold;

  @Parameters(
      arity = "0..*",
      paramLabel = "IMAGE [-- COMMAND ARGS...]",
      description = "The image, see 'viv image ls', and what to run in it.")
  List<String> words = new ArrayList<>();

  RunCommand(Session session) {
    super(session);
  }

  @Override
  public Integer call() throws VivariumException {
    boolean ownKernel = vm.kernel != null;
    if (words.isEmpty() && !ownKernel) {
      throw new VivariumException(
          Kind.USAGE, "an image is needed", "'viv image ls' lists them: viv run debian-tiny");
    }
    String image = ownKernel ? null : words.getFirst();
    List<String> command = ownKernel ? words : words.subList(1, words.size());
    Vivarium vivarium = vivarium();
    VmSpec spec = vm.spec(session.host(), image, remove);
    boolean warm = !cold && image != null && VivariumHost.canStartWarm(spec);
    try (ProgressView progress = new ProgressView(session.err())) {
      if (image != null) {
        prepare(vivarium, image, spec, warm, progress);
      }
      vivarium.create(spec, progress);
      start(vivarium, spec, warm, progress);
      if (pcap != null) {
        vivarium.capture(spec.name(), pcap.toAbsolutePath());
      }
    }
    if (detach) {
      session.out().println(spec.name());
      return 0;
    }
    if (command.isEmpty()) {
      return new ConsoleSession(session, vivarium, spec.name()).run();
    }
    return runCommand(vivarium, spec, command);
  }

  private void prepare(
      Vivarium vivarium, String image, VmSpec spec, boolean warm, ProgressView progress)
      throws VivariumException {
    if (session.host().hasWarm(spec) && warm) {
      return;
    }
    ImageInfo info = find(vivarium, image);
    boolean build = info == null || !info.built();
    if (build || warm) {
      VivariumHost.needKvm();
    }
    if (build) {
      vivarium.buildImage(image, progress);
    }
    if (warm) {
      progress.line("First run of " + image + " here: it boots once, later runs start from there.");
      vivarium.prepareWarm(spec, progress);
    }
  }

  private static @Nullable ImageInfo find(Vivarium vivarium, String image)
      throws VivariumException {
    for (ImageInfo info : vivarium.images()) {
      if (info.name().equals(image)) {
        return info;
      }
    }
    return null;
  }

  private static void start(Vivarium vivarium, VmSpec spec, boolean warm, ProgressView progress)
      throws VivariumException {
    try {
      vivarium.start(spec.name(), warm, progress);
    } catch (VivariumException e) {
      if (spec.disposable()) {
        vivarium.remove(spec.name(), true);
      }
      throw e;
    }
  }

  /** The VM lives as long as the command, as a container does. */
  private int runCommand(Vivarium vivarium, VmSpec spec, List<String> command)
      throws VivariumException {
    Thread end = new Thread(() -> endQuietly(vivarium, spec.name()), "end-of-run");
    Runtime.getRuntime().addShutdownHook(end);
    return ExecCommand.run(vivarium, spec.name(), command, interactive);
    // The hook ends the VM, whichever way this process goes.
  }

  private static void endQuietly(Vivarium vivarium, String name) {
    try {
      vivarium.kill(name);
    } catch (VivariumException e) {
      // It ended by itself.
    }
  }
}
