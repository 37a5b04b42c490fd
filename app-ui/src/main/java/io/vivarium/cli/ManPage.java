package io.vivarium.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** The manual page of the command, in roff, made of the same model as its help. */
final class ManPage {
  private static final String DATE = "2026-11-30";

  /** The help option among the short ones of a synopsis: it is told once for all verbs. */
  private static final Pattern HELP = Pattern.compile("\\[-(\\w*)h(\\w*)]");

  private static final List<Map.Entry<String, String>> EXITS =
      List.of(
          Map.entry("0", "It is done."),
          Map.entry(
              "1",
              "'viv doctor' found what keeps VMs from running here, or 'viv fsck' found damage."),
          Map.entry("2", "The command line is wrong."),
          Map.entry("125", "Vivarium itself failed; standard error says why, and the cure."),
          Map.entry("other", "'viv exec' and 'viv run IMAGE -- COMMAND': the command's own."));

  private static final List<Map.Entry<String, String>> ENVIRONMENT =
      List.of(
          Map.entry("VIVARIUM_HOME", "The folder that everything is kept in."),
          Map.entry("XDG_DATA_HOME", "Without VIVARIUM_HOME: everything is in its vivarium/."),
          Map.entry("XDG_STATE_HOME", "The desktop's settings are in its vivarium/."));

  private static final List<Map.Entry<String, String>> FILES =
      List.of(
          Map.entry(
              "~/.local/share/vivarium/",
              "Where neither of those variables is set: images/ by digest, warm/ with guests ready"
                  + " at their prompt, machines/NAME/, trash/."),
          Map.entry("~/.local/state/vivarium/", "The desktop's settings."),
          Map.entry("/dev/kvm", "What VMs run on; its group may use it."));

  private final StringBuilder roff = new StringBuilder();

  private ManPage() {}

  /**
   * @param root the command, with all of its verbs
   */
  static String of(CommandLine root) {
    ManPage page = new ManPage();
    page.write(root);
    return page.roff.toString();
  }

  private void write(CommandLine root) {
    CommandSpec spec = root.getCommandSpec();
    String name = spec.name();
    line(".TH " + name.toUpperCase(Locale.ROOT) + " 1 " + DATE + " \"Vivarium\"");
    line(".nh");
    line(".ad l");
    section("NAME");
    line(text(name) + " \\- virtual machines that start like containers");
    section("SYNOPSIS");
    line(".B " + text(name));
    form(name + " VERB", "[ARGUMENT...]");
    form(name + " help", "[VERB...]");
    section("DESCRIPTION");
    paragraphs(spec.usageMessage().description());
    paragraphs(spec.usageMessage().footer());
    line(".PP");
    line(text("Every verb takes -h and --help. 'viv --version' tells the version."));
    section("VERBS");
    root.getSubcommands().values().forEach(verb -> verb(verb, name));
    section("EXIT STATUS");
    list(EXITS);
    section("ENVIRONMENT");
    list(ENVIRONMENT);
    section("FILES");
    list(FILES);
    section("SEE ALSO");
    line(".BR passt (1),");
    line(".BR mmdebstrap (1),");
    line(".BR qemu\\-img (1)");
  }

  private void verb(CommandLine verb, String before) {
    CommandSpec spec = verb.getCommandSpec();
    if (spec.usageMessage().hidden()) {
      return;
    }
    String name = before + " " + spec.name();
    line(".SS " + text(name));
    if (verb.getSubcommands().isEmpty()) {
      // As the help has it, on one line.
      String synopsis =
          new Help(spec, Help.defaultColorScheme(Ansi.OFF)).synopsis(0).replaceAll("\\s+", " ");
      String rest = synopsis.strip().substring(name.length());
      shape(name, HELP.matcher(rest).replaceFirst("[-$1$2]").replace("[-] ", "").strip());
      line(".PP");
    }
    paragraphs(spec.usageMessage().description());
    List<ArgSpec> told = new ArrayList<>();
    spec.positionalParameters().stream()
        .filter(parameter -> parameter.description().length > 0)
        .forEach(told::add);
    spec.options().stream().filter(option -> !option.usageHelp()).forEach(told::add);
    for (ArgSpec one : told) {
      line(".TP");
      line(title(one));
      paragraphs(one.description());
    }
    verb.getSubcommands().values().forEach(inner -> verb(inner, name));
  }

  private void form(String words, String arguments) {
    line(".br");
    shape(words, arguments);
  }

  private void shape(String words, String arguments) {
    line("\\fB" + text(words) + "\\fR " + text(arguments));
  }

  private static String title(ArgSpec spec) {
    return switch (spec) {
      case OptionSpec option -> {
        String names = "\\fB" + text(String.join(", ", option.names())) + "\\fR";
        yield option.arity().max() == 0
            ? names
            : names + " \\fI" + text(option.paramLabel()) + "\\fR";
      }
      case PositionalParamSpec parameter -> "\\fI" + text(parameter.paramLabel()) + "\\fR";
      default -> text(spec.paramLabel());
    };
  }

  /** Lines of a help text; those that are set in are examples and stay as they are. */
  private void paragraphs(String[] lines) {
    boolean example = false;
    for (String one : lines) {
      boolean setIn = one.startsWith("  ");
      if (setIn != example) {
        line(setIn ? ".RS 4\n.nf" : ".fi\n.RE");
      }
      example = setIn;
      if (!one.isBlank()) {
        line(text(one.strip()));
      }
    }
    if (example) {
      line(".fi\n.RE");
    }
  }

  private void list(List<Map.Entry<String, String>> entries) {
    for (Map.Entry<String, String> entry : entries) {
      line(".TP");
      line("\\fB" + text(entry.getKey()) + "\\fR");
      line(text(entry.getValue()));
    }
  }

  private void section(String title) {
    line(".SH " + title);
  }

  private void line(String line) {
    roff.append(line).append('\n');
  }

  /** Text that roff prints as it is. */
  static String text(String plain) {
    String escaped =
        plain.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("~", "\\(ti");
    return escaped.startsWith(".") ? "\\&" + escaped : escaped;
  }
}
