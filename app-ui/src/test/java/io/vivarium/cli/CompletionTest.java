package io.vivarium.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Presses Tab in a real bash, with a {@code viv} that knows two VMs. */
class CompletionTest {
  private static final PrintStream NOWHERE = new PrintStream(OutputStream.nullOutputStream());

  @TempDir Path folder;
  private Path viv;
  private Path script;

  @BeforeEach
  void write() throws IOException {
    assumeTrue(Files.isExecutable(Path.of("/bin/bash")), "there is no bash here");
    CommandLine root = VivMain.all(new Session(Map.of(), NOWHERE, NOWHERE));
    script = Files.writeString(folder.resolve("completion"), Completion.bash(root));
    viv =
        Files.writeString(
            folder.resolve("viv"),
            """
            #!/bin/sh
            case "$*" in
            "ps -a -q") printf 'web\\nworker\\n' ;;
            "image ls -q") printf 'debian\\ndebian-tiny\\n' ;;
            "snapshot ls -q web") printf 'before\\nafter\\n' ;;
            esac
            """);
    assertThat(viv.toFile().setExecutable(true)).isTrue();
  }

  /** What is offered for the last word. */
  private List<String> tab(String... words) throws IOException, InterruptedException {
    StringBuilder line = new StringBuilder("COMP_WORDS=('" + viv + "'");
    for (String word : words) {
      line.append(" '").append(word).append('\'');
    }
    line.append("); COMP_CWORD=").append(words.length).append("; COMPREPLY=(); ");
    Process bash =
        new ProcessBuilder(
                "/bin/bash",
                "-c",
                ". '" + script + "'; " + line + "_viv_complete; printf '%s\\n' \"${COMPREPLY[@]}\"")
            .redirectErrorStream(true)
            .directory(folder.toFile())
            .start();
    String said = new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(bash.waitFor(20, TimeUnit.SECONDS)).isTrue();
    return said.lines().filter(one -> !one.isEmpty()).toList();
  }

  @Test
  void verbsAndTheirVerbs() throws Exception {
    assertThat(tab("")).contains("run", "ps", "snapshot", "desktop");
    assertThat(tab("re")).containsExactly("rename", "resume");
    assertThat(tab("snapshot", "re")).containsExactly("rename", "restore");
    assertThat(tab("help", "snap")).containsExactly("snapshot");
  }

  @Test
  void options() throws Exception {
    assertThat(tab("run", "--m")).containsExactly("--memory");
    assertThat(tab("run", "--rm", "--na")).containsExactly("--name");
  }

  @Test
  void namesOfVms() throws Exception {
    assertThat(tab("rm", "")).containsExactly("web", "worker");
    assertThat(tab("rm", "web", "wo")).containsExactly("worker");
    assertThat(tab("rename", "web", "")).isEmpty();
    assertThat(tab("stop", "-t", "10", "w")).containsExactly("web", "worker");
    assertThat(tab("stop", "-t", "")).isEmpty();
  }

  @Test
  void imagesAndSnapshots() throws Exception {
    assertThat(tab("run", "--memory", "1G", "deb")).containsExactly("debian", "debian-tiny");
    assertThat(tab("snapshot", "restore", "web", "")).containsExactly("before", "after");
  }

  @Test
  void aVmMayBeCalledAsAVerb() throws Exception {
    assertThat(tab("snapshot", "restore", "web", "be")).containsExactly("before");
    assertThat(tab("rm", "snapshot", "wo")).containsExactly("worker");
  }

  @Test
  void filesAndNothingOfTheGuests() throws Exception {
    assertThat(tab("run", "--kernel", "comp")).containsExactly("completion");
    assertThat(tab("desktop", "comp")).containsExactly("completion");
    assertThat(tab("exec", "web", "--", "w")).isEmpty();
  }

  @Test
  void helpOfAVerbInAGroup() {
    Session session = new Session(Map.of(), NOWHERE, NOWHERE);
    assertThat(VivMain.run(session, "snapshot", "ls", "--help")).isZero();
  }
}
