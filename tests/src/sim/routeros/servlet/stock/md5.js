// MD5 of a string of bytes, in hexadecimal: what a page needs to answer a CHAP challenge.
function hexMD5(text) {
  var turns = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];
  var words = [], length = text.length, state = [1732584193, -271733879, -1732584194, 271733878], i, at;
  for (i = 0; i < (((length + 8) >> 6) + 1) * 16; i++) words.push(0);
  for (i = 0; i < length; i++) words[i >> 2] |= (text.charCodeAt(i) & 255) << ((i % 4) * 8);
  words[length >> 2] |= 128 << ((length % 4) * 8);
  words[words.length - 2] = length * 8;
  for (at = 0; at < words.length; at += 16) {
    var a = state[0], b = state[1], c = state[2], d = state[3];
    for (i = 0; i < 64; i++) {
      var round = i >> 4, mix, place;
      if (round === 0) { mix = (b & c) | (~b & d); place = i; }
      else if (round === 1) { mix = (d & b) | (~d & c); place = (5 * i + 1) % 16; }
      else if (round === 2) { mix = b ^ c ^ d; place = (3 * i + 5) % 16; }
      else { mix = c ^ (b | ~d); place = (7 * i) % 16; }
      var sum = (a + mix + words[at + place] + (Math.abs(Math.sin(i + 1)) * 4294967296 | 0)) | 0;
      var turn = turns[round * 4 + i % 4];
      a = d; d = c; c = b;
      b = (b + ((sum << turn) | (sum >>> (32 - turn)))) | 0;
    }
    state = [(state[0] + a) | 0, (state[1] + b) | 0, (state[2] + c) | 0, (state[3] + d) | 0];
  }
  var out = '';
  for (i = 0; i < 16; i++) {
    var byte = (state[i >> 2] >> ((i % 4) * 8)) & 255;
    out += (byte < 16 ? '0' : '') + byte.toString(16);
  }
  return out;
}
