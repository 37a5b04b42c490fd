package io.vivarium.kvm.abi;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The numbers and layouts against what the kernel's headers give. */
class AbiTest {
  /** What the headers of Linux 6.1 gave; the interface is stable, so this holds everywhere. */
  private static final String RECORDED = "linux-6.1-x86_64.txt";

  @TempDir Path folder;

  @Test
  void numbersAreThoseRecordedFromTheHeaders() throws Exception {
    try (InputStream recorded = AbiTest.class.getResourceAsStream(RECORDED)) {
      assertThat(recorded).as(RECORDED).isNotNull();
      assertThat(AbiConstants.all()).isEqualTo(parse(new String(recorded.readAllBytes(), UTF_8)));
    }
  }

  @Test
  void numbersAreThoseOfThisMachinesHeaders() throws Exception {
    assumeTrue(
        Files.exists(Path.of("/usr/include/linux/kvm.h")) && Files.exists(Path.of("/usr/bin/cc")),
        "skipped: no C compiler or no linux/kvm.h here (apt-get install gcc linux-libc-dev)");
    Map<String, Long> expected = probe();
    Map<String, Long> ours = new TreeMap<>(AbiConstants.all());
    ours.keySet().retainAll(expected.keySet()); // older headers lack newer names
    assertThat(expected).hasSizeGreaterThan(300);
    assertThat(ours).isEqualTo(expected);
  }

  /** Has a C program print what the compiler makes of each expression. */
  private Map<String, Long> probe() throws Exception {
    StringBuilder source =
        new StringBuilder(
            "#include <linux/kvm.h>\n#include <stddef.h>\n#include <stdio.h>\nint main(void) {\n");
    for (String expression : AbiConstants.all().keySet()) {
      boolean macro = expression.startsWith("KVM_");
      source.append(macro ? "#ifdef " + expression + "\n" : "");
      source.append(
          "printf(\"%%lld %s\\n\", (long long)(%s));\n".formatted(expression, expression));
      source.append(macro ? "#endif\n" : "");
    }
    source.append("return 0; }\n");
    Path program = folder.resolve("probe");
    Path code = Files.writeString(folder.resolve("probe.c"), source);
    run("cc", "-o", program.toString(), code.toString());
    return parse(run(program.toString()));
  }

  private static String run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }

  private static Map<String, Long> parse(String lines) {
    Map<String, Long> values = new TreeMap<>();
    for (String line : lines.strip().split("\n")) {
      int space = line.indexOf(' ');
      values.put(line.substring(space + 1), Long.parseLong(line.substring(0, space)));
    }
    return values;
  }
}
