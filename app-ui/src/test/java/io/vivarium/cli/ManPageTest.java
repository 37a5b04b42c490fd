package io.vivarium.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.OutputStream;
import java.io.PrintStream;
import java.util.Map;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** The manual page tells what the help tells. */
class ManPageTest {
  private static final PrintStream NOWHERE = new PrintStream(OutputStream.nullOutputStream());
  private final CommandLine root = VivMain.all(new Session(Map.of(), NOWHERE, NOWHERE));
  private final String page = ManPage.of(root);

  @Test
  void hasEveryVerbAndOptionWithItsText() {
    root.getSubcommands().values().forEach(verb -> told(verb, "viv"));
  }

  private void told(CommandLine verb, String before) {
    String name = before + " " + verb.getCommandName();
    int start = page.indexOf(".SS " + ManPage.text(name) + "\n");
    assertThat(start).as(name).isPositive();
    int next = page.indexOf("\n.S", start);
    String part = page.substring(start, next);
    assertThat(part)
        .contains(ManPage.text(verb.getCommandSpec().usageMessage().description()[0].strip()));
    for (OptionSpec option : verb.getCommandSpec().options()) {
      if (!option.usageHelp()) {
        assertThat(part)
            .contains(ManPage.text(option.longestName()))
            .contains(ManPage.text(option.description()[0].strip()));
      }
    }
    verb.getSubcommands().values().forEach(inner -> told(inner, name));
  }

  @Test
  void hasTheSectionsThatPeopleLookFor() {
    for (String section :
        new String[] {"NAME", "SYNOPSIS", "EXIT STATUS", "ENVIRONMENT", "FILES", "SEE ALSO"}) {
      assertThat(page).contains("\n.SH " + section + "\n");
    }
    assertThat(page).startsWith(".TH VIV 1 ").contains("VIVARIUM_HOME", "125");
  }

  @Test
  void noLineOfTextIsTakenForARequest() {
    assertThat(ManPage.text(".br at the start, a \\ and 'quotes' -- here"))
        .isEqualTo("\\&.br at the start, a \\e and \\(aqquotes\\(aq \\-\\- here");
  }
}
