package io.vivarium.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/**
 * Completion for shells: a table of verbs, options and places, made of the same model as the help,
 * and the function that looks things up in it. Picocli's own script knows words only, not the names
 * of VMs, and takes a verb for itself wherever it stands in the line.
 */
final class Completion {
  private final StringBuilder table = new StringBuilder();

  private Completion() {}

  /**
   * @param root the command, with all of its verbs
   */
  static String bash(CommandLine root) {
    Completion completion = new Completion();
    completion.table.append("# Completion of viv, made by 'viv completion'.\n");
    completion.table.append("_viv_verb() {\n  verbs= options= places=\n  case $1 in\n");
    completion.verb(root, "");
    completion.row("help", verbs(root), "", "");
    return completion.table + "  esac\n}\n\n" + function();
  }

  /** The same, by what zsh has for bash's. Also fit for a file of the folder that zsh looks in. */
  static String zsh(CommandLine root) {
    return """
        #compdef viv
        (( ${+functions[compdef]} )) || { autoload -U +X compinit && compinit; }
        autoload -U +X bashcompinit && bashcompinit
        """
        + bash(root)
        // Read in the midst of a completion, as zsh does it with that file: this one too.
        + "(( ! ${+compstate} )) || _bash_complete -F _viv_complete\n";
  }

  private void verb(CommandLine verb, String name) {
    List<String> options = new ArrayList<>();
    for (OptionSpec option : verb.getCommandSpec().options()) {
      String value =
          option.arity().max() == 0 ? "" : option.paramLabel().contains("FILE") ? "=FILE" : "=";
      for (String one : option.names()) {
        options.add(one + value);
      }
    }
    if (name.isEmpty()) {
      options.addAll(List.of("--help", "--version"));
    }
    List<String> places = new ArrayList<>();
    for (PositionalParamSpec place : verb.getCommandSpec().positionalParameters()) {
      places.add(kind(place));
    }
    row(name, verbs(verb), String.join(" ", options), String.join(" ", places));
    verb.getSubcommands()
        .forEach(
            (word, inner) -> {
              if (!inner.getCommandSpec().usageMessage().hidden()) {
                verb(inner, (name + " " + word).strip());
              }
            });
  }

  private static String verbs(CommandLine verb) {
    Set<String> words = new TreeSet<>();
    verb.getSubcommands()
        .forEach(
            (word, inner) -> {
              if (!inner.getCommandSpec().usageMessage().hidden()) {
                words.add(word);
              }
            });
    return String.join(" ", words);
  }

  private void row(String name, String verbs, String options, String places) {
    table.append(
        "  \"%s\") verbs=\"%s\" options=\"%s\" places=\"%s\" ;;\n"
            .formatted(name, verbs, options, places));
  }

  /** What stands at a place, by its label; with dots where it may be repeated. */
  private static String kind(ArgSpec place) {
    String label = place.paramLabel();
    String kind =
        label.startsWith("NAME") || label.startsWith("VM")
            ? "VM"
            : label.startsWith("IMAGE")
                ? "IMAGE"
                : label.startsWith("SNAPSHOT")
                    ? "SNAPSHOT"
                    : label.contains("FILE") ? "FILE" : label.equals("SHELL") ? label : "OTHER";
    // What follows a "--" is the guest's.
    return place.arity().max() > 1 && !label.contains("--") ? kind + "..." : kind;
  }

  private static String function() {
    try (InputStream in =
        Objects.requireNonNull(Completion.class.getResourceAsStream("completion.bash"))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
