package io.vivarium.cli;

import io.vivarium.client.Disks;
import io.vivarium.client.Sizes;
import io.vivarium.client.SpecRules;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VivariumHost;
import io.vivarium.client.VmSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that describe a new VM, for {@code create} and {@code run}. */
final class NewVm {
  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "Its name; one is made up when it is left out.")
  @Nullable String name;

  @Option(
      names = {"-m", "--memory"},
      paramLabel = "SIZE",
      defaultValue = "256M",
      description = "Guest memory, as in 512M or 2G (default: ${DEFAULT-VALUE}).")
  String memory = "256M";

  @Option(
      names = {"-c", "--cpus"},
      paramLabel = "N",
      defaultValue = "1",
      description = "Virtual CPUs (default: ${DEFAULT-VALUE}).")
  String cpus = "1";

  @Option(names = "--kernel", paramLabel = "FILE", description = "Your own bzImage or ELF kernel.")
  @Nullable String kernel;

  @Option(names = "--initrd", paramLabel = "FILE", description = "Initial RAM file system for it.")
  @Nullable String initrd;

  @Option(names = "--cmdline", paramLabel = "TEXT", description = "Kernel command line.")
  @Nullable String cmdline;

  @Option(
      names = "--disk",
      paramLabel = "SIZE|FILE[,OPTION]",
      description = {
        "A disk more: a new one, as in 20G, or a file that is used in place, as in data.qcow2.",
        "Options: format=raw, format=qcow2, readonly, direct (around the host's cache: a raw file).",
        "May be given several times."
      })
  List<String> disks = new ArrayList<>();

  @Option(
      names = "--network",
      paramLabel = "MODE",
      description = {
        "user: the host's internet, by passt; none; link:NAME; tap:INTERFACE.",
        "Without it: user, or none where passt is not installed."
      })
  @Nullable String network;

  @Option(
      names = {"-p", "--publish"},
      paramLabel = "[ADDR:]HOST:GUEST[/udp]",
      description = "Lead a port of the host's 127.0.0.1, or ADDR, to the guest's.")
  List<String> ports = new ArrayList<>();

  /** The spec, with a name that is free at this moment. */
  VmSpec spec(VivariumHost host, @Nullable String image, boolean disposable)
      throws VivariumException {
    String called = name == null ? freeName(host.names()) : name;
    VmSpec spec =
        new VmSpec(
            VmSpec.VERSION,
            called,
            image,
            absolute(kernel),
            absolute(initrd),
            cmdline,
            Sizes.parse(memory),
            count(cpus),
            parsedDisks(),
            PortCommand.parse(ports),
            network == null ? defaultNetwork() : network,
            disposable);
    String wrong = SpecRules.spec(spec, VivariumHost.hostMemory());
    if (wrong != null) {
      throw new VivariumException(Kind.USAGE, wrong, "");
    }
    return spec;
  }

  private String defaultNetwork() {
    // With ports to publish there is no other: what is missing is told at the start.
    return ports.isEmpty() ? VivariumHost.defaultNetwork() : "user";
  }

  private List<VmSpec.DiskSpec> parsedDisks() throws VivariumException {
    List<VmSpec.DiskSpec> parsed = new ArrayList<>();
    for (String disk : disks) {
      parsed.add(Disks.parse(disk));
    }
    return parsed;
  }

  private static int count(String text) throws VivariumException {
    if (!text.matches("\\d{1,6}")) {
      throw new VivariumException(
          Kind.USAGE, "'" + text + "' is not a number of CPUs", "Write a number, as in 2.");
    }
    return Integer.parseInt(text);
  }

  private static @Nullable String absolute(@Nullable String path) {
    return path == null ? null : Path.of(path).toAbsolutePath().normalize().toString();
  }

  private static String freeName(Collection<String> taken) {
    Random random = new Random();
    String name = SpecRules.suggestName(random);
    for (int i = 2; taken.contains(name); i++) {
      name = SpecRules.suggestName(random) + (i > 100 ? "-" + i : "");
    }
    return name;
  }
}
