package io.vivarium.kvm;

import static io.vivarium.kvm.abi.KvmConstants.KVM_EXIT_IO;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.vivarium.linux.LinuxThreads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

/**
 * How many port exits a second the bindings take, beside a C twin ({@code src/bench/c/exits.c}).
 *
 * <p>The two alternate in one run, so that the machine's moods strike both; thread CPU time is what
 * counts. Run by {@code ./mvnw -q -pl kvm-bindings test-compile exec:exec@exit-bench
 * -Dbench.out=FILE}; writes a table in Markdown.
 */
final class ExitBench {
  private static final int ROUNDS = 9;
  private static final int EXITS = 100_000;

  private ExitBench() {}

  /** Arguments: the C source, and the file to write. */
  public static void main(String[] arguments) throws Exception {
    Path source = Path.of(arguments[0]);
    Path output = Path.of(arguments[1]);
    Path twin = compile(source);
    double[] c = new double[ROUNDS];
    double[] java = new double[ROUNDS];
    // mov al,0x56; out 0x10,al; jmp to the out
    try (TestGuest guest = TestGuest.plain(0xb0, 0x56, 0xe6, 0x10, 0xeb, 0xfc)) {
      run(guest.vcpu, EXITS); // let the compiler see it
      for (int i = 0; i < ROUNDS; i++) {
        c[i] = runTwin(twin);
        java[i] = run(guest.vcpu, EXITS);
      }
    } finally {
      Files.delete(twin);
    }
    String table = table(median(c), median(java), ratios(c, java));
    if (output.getParent() != null) {
      Files.createDirectories(output.getParent());
    }
    Files.writeString(output, table);
    System.out.print(table);
  }

  /** Takes exits as a machine does: reason, direction, port, data. Gives CPU nanoseconds of one. */
  private static double run(KvmVcpu vcpu, int exits) throws IOException {
    int thread = LinuxThreads.currentId();
    long start = LinuxThreads.cpuTimeNanos(thread);
    long sum = loop(vcpu, exits);
    long time = LinuxThreads.cpuTimeNanos(thread) - start;
    if (sum != exits * 0x56L) {
      throw new IllegalStateException("wrong data");
    }
    return (double) time / exits;
  }

  private static long loop(KvmVcpu vcpu, int exits) throws KvmException {
    RunPage page = vcpu.runPage();
    long sum = 0;
    for (int i = 0; i < exits; i++) {
      switch (vcpu.run()) {
        case KVM_EXIT_IO -> {
          if (!page.ioIsOut() || page.ioPort() != 0x10) {
            throw new IllegalStateException("wrong port");
          }
          sum += page.ioValue(0);
        }
        default -> throw new IllegalStateException("unexpected " + page.exit());
      }
    }
    return sum;
  }

  private static double runTwin(Path program) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(program.toString(), "" + EXITS).start();
    String[] wallAndCpu = new String(process.getInputStream().readAllBytes(), UTF_8).split("\\s");
    if (process.waitFor() != 0) {
      throw new IOException("the C twin failed");
    }
    return Double.parseDouble(wallAndCpu[1]) / EXITS;
  }

  private static Path compile(Path source) throws IOException, InterruptedException {
    Path program = Files.createTempFile("exits", "");
    int status =
        new ProcessBuilder("cc", "-O2", "-o", program.toString(), source.toString())
            .inheritIO()
            .start()
            .waitFor();
    if (status != 0) {
      throw new IOException("cc could not compile " + source);
    }
    return program;
  }

  private static double[] ratios(double[] c, double[] java) {
    double[] ratios = new double[c.length];
    Arrays.setAll(ratios, i -> c[i] / java[i]);
    return ratios;
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  private static String table(double c, double java, double[] ratios) {
    return String.format(
        Locale.ROOT,
        """
        | | CPU ns per port exit, median of %d rounds | exits per CPU second |
        | --- | --- | --- |
        | C | %.0f | %.0f |
        | Java | %.0f | %.0f |

        Java takes %.2f of the exits that C takes in the same CPU time (median of the rounds' \
        ratios; target 0.85). Rounds of %d exits, C and Java in turn, `./mvnw -q -pl kvm-bindings \
        test-compile exec:exec@exit-bench -Dbench.out=FILE`.
        """,
        ROUNDS,
        c,
        1e9 / c,
        java,
        1e9 / java,
        median(ratios),
        EXITS);
  }
}
