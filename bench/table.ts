// Rows of cells → lines of text in columns; the line that stands for a longer text. Pure.

/** Cells of the columns in `left` begin where their column does, all others end where it ends. */
export function formatTable(rows: readonly (readonly string[])[], left: readonly number[]): string {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const lines = rows.map((row) => {
    const cells = row.map((cell, column) => {
      const width = widths[column] ?? 0;
      return left.includes(column) ? cell.padEnd(width) : cell.padStart(width);
    });
    return `${cells.join('  ').trimEnd()}\n`;
  });
  return lines.join('');
}

/** Of what a program says when it ends; the file has all of it. */
export function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}
