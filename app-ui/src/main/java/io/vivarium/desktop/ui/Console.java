package io.vivarium.desktop.ui;

import java.util.List;
import java.util.regex.Pattern;

/** Console output as plain text: for thumbnails and logs, where nothing interprets it. */
public final class Console {
  /** CSI, OSC and two-character escape sequences (ECMA-48, 5.4). */
  private static final Pattern ESCAPES =
      Pattern.compile(
          "\u001b\\[[0-?]*[ -/]*[@-~]|\u001b\\][^\u0007\u001b]*(?:\u0007|\u001b\\\\)|\u001b[ -/]*[0-~]");

  private static final Pattern CONTROLS = Pattern.compile("[\\p{Cntrl}&&[^\n\t]]");

  private Console() {}

  /** The text without escapes and control characters. */
  public static String plain(String text) {
    String lines = ESCAPES.matcher(text).replaceAll("").replace("\r\n", "\n");
    return CONTROLS.matcher(lines).replaceAll("");
  }

  /** The last lines of it that are not empty at the end, at most so many. */
  public static String plain(String text, int maxLines) {
    List<String> lines = plain(text).stripTrailing().lines().toList();
    return String.join("\n", lines.subList(Math.max(0, lines.size() - maxLines), lines.size()));
  }
}
