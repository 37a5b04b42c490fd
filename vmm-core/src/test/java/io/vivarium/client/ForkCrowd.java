package io.vivarium.client;

import io.vivarium.client.VivariumHostTest.Screen;
import io.vivarium.machine.BareGuest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Many forks of one running VM, each of which answers on its console: {@code ForkCrowd MEBIBYTES
 * COPIES...}. Prints how long that took, and what a copy holds of the host's memory. The guest is
 * {@code bare/echo.c}, which sleeps until it is typed to: no ticks.
 */
final class ForkCrowd {
  private static final String VM = "echo";

  private ForkCrowd() {}

  public static void main(String[] args) throws Exception {
    Path folder = Files.createTempDirectory(Path.of("target").toAbsolutePath(), "crowd");
    Path elf = BareGuest.compile(folder, "echo", "MEBIBYTES=" + args[0]);
    VivariumHost host = VivariumHost.open(folder.resolve("library"));
    long memory = Long.parseLong(args[0]) << 20;
    VmSpec spec =
        new VmSpec(
            1,
            VM,
            null,
            elf.toString(),
            null,
            null,
            memory,
            1,
            List.of(),
            List.of(),
            "none",
            false);
    host.create(spec, Progress.NONE);
    host.start(VM, false, Progress.NONE);
    try {
      Screen screen = new Screen();
      ConsoleConnection console = host.console(VM, screen);
      try {
        screen.await("ready");
      } finally {
        console.close();
      }
      host.takeSnapshot(VM, "ready", "", Progress.NONE);
      for (int i = 1; i < args.length; i++) {
        crowd(host, Integer.parseInt(args[i]));
      }
    } finally {
      host.kill(VM);
      try (var files = Files.walk(folder)) {
        for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  private static void crowd(VivariumHost host, int copies) throws Exception {
    long engine = host.inspect(VM).enginePid();
    long before = anonymous(engine);
    long began = System.nanoTime();
    List<VmInfo> made =
        host.fork(VM, new ForkRequest("ready", copies, "copy", true), Progress.NONE);
    double forked = (System.nanoTime() - began) / 1e6;
    for (VmInfo copy : made) {
      Screen screen = new Screen();
      try (ConsoleConnection console = host.console(copy.name(), screen)) {
        console.send(new byte[] {'x'});
        screen.await("1");
      }
    }
    double answered = (System.nanoTime() - began) / 1e6;
    System.out.printf(
        "| %d copies | run after %.0f ms | each had answered after %.0f ms | %.0f KiB more of"
            + " anonymous memory a copy |%n",
        copies, forked, answered, (anonymous(engine) - before) / 1024.0 / copies);
    for (VmInfo copy : made) {
      host.kill(copy.name());
    }
  }

  /** proc(5): what the process holds that is no file's. */
  private static long anonymous(long pid) throws Exception {
    for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
      if (line.startsWith("RssAnon:")) {
        return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
      }
    }
    return 0;
  }
}
